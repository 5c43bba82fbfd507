/** Numbers of lines by their offsets, for people who are to find one in a file of a hundred thousand. Reads only when it is asked. */
import type { Files } from '@vivarium/core';

const CHUNK = 1_048_576;
const NEWLINE = 10;

/** The number of the line at an offset, from 1. Asked in rising order it reads the file once; what was counted is not looked at again. */
export function countLines(files: Pick<Files, 'readBytes'>, path: string): (offset: number) => number {
  let counted = 0;
  let line = 1;
  return (offset) => {
    if (offset < counted) {
      counted = 0;
      line = 1;
    }
    while (counted < offset) {
      const bytes = files.readBytes(path, counted, Math.min(CHUNK, offset - counted));
      if (bytes === undefined || bytes.length === 0) return line;
      for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) line += 1;
      counted += bytes.length;
    }
    return line;
  };
}
