/** Where in a JSON text something stands. Only asked when there is a fault to tell: the parser used here is slower than JSON.parse. */
import { findNodeAtLocation, parseTree, printParseErrorCode, type ParseError } from 'jsonc-parser';

/** Counted from 1, as editors do; columns in UTF-16 units. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

const STRICT = { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false };

/** What is wrong with a text that JSON.parse refused, in words: `comma expected`. */
export function syntaxFaults(text: string): readonly (Place & { readonly reason: string })[] {
  const errors: ParseError[] = [];
  parseTree(text, errors, STRICT);
  const [first] = errors;
  // What follows the first fault is mostly its echo.
  if (first === undefined) return [{ line: 1, column: 1, reason: 'not valid JSON' }];
  return [
    {
      ...placeAt(text, first.offset),
      reason: `not valid JSON: ${inWords(printParseErrorCode(first.error))}${lineBreakNote(text, first)}`,
    },
  ];
}

/** The commonest way to leave a text in quotes open, and no editor shows that it is one. */
const lineBreakNote = (text: string, { error, offset, length }: ParseError): string =>
  printParseErrorCode(error) === 'UnexpectedEndOfString' && /[\r\n]/.test(text.charAt(offset + length))
    ? ' (a line break inside must be written \\n)'
    : '';

/** The place of a value, or of the nearest value around it that is there. */
export function locate(text: string, path: readonly (string | number)[]): Place {
  const tree = parseTree(text, [], STRICT);
  for (let length = path.length; tree !== undefined && length >= 0; length -= 1) {
    const node = findNodeAtLocation(tree, path.slice(0, length));
    if (node !== undefined) return placeAt(text, node.offset);
  }
  return { line: 1, column: 1 };
}

function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
}

/** `CommaExpected` → `comma expected`. */
const inWords = (code: string): string => code.replace(/(?<=[a-z])([A-Z])/g, ' $1').toLowerCase();
