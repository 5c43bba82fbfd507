import { describe, expect, it } from 'vitest';
import {
  actionTypes,
  attemptCount,
  dollars,
  idList,
  lineCount,
  portNumber,
  priority,
  runCap,
  slotCount,
  someText,
  temperature,
  timeoutSeconds,
  tokenCount,
  workerCount,
} from './flag-values.ts';

describe('what may stand behind a flag', () => {
  it('is taken for what it says', () => {
    expect([
      workerCount('1'),
      workerCount('32'),
      slotCount('256'),
      tokenCount('65536'),
      portNumber('0'),
    ]).toEqual([1, 32, 256, 65_536, 0]);
    expect([dollars('0.10'), dollars('2'), dollars('.5'), dollars('1e-6')]).toEqual([0.1, 2, 0.5, 0.000001]);
    expect([runCap('0'), runCap('2.00'), runCap('.5')]).toEqual(['0', '2.00', '.5']);
    expect([temperature('0'), temperature('2')]).toEqual([0, 2]);
    expect([priority('-100'), priority('+7'), priority('-0'), attemptCount('1'), lineCount('0')]).toEqual([
      -100, 7, 0, 1, 0,
    ]);
    expect([timeoutSeconds('0.5'), timeoutSeconds('86400')]).toEqual([0.5, 86_400]);
    expect(actionTypes('SAFETY, ERROR', ['ERROR', 'API'])).toEqual(['ERROR', 'API', 'SAFETY']);
    expect(someText(' x')).toBe(' x');
    expect(idList('a, b', [])).toEqual(['a', 'b']);
    expect(idList('b,c', ['a', 'b'])).toEqual(['a', 'b', 'c']);
  });

  it.each([
    [workerCount, ['0', '33', '-1', '1.5', 'x', '', '0x10', '1e1']],
    [slotCount, ['0', '257', '1.5', '']],
    [tokenCount, ['0', '65537']],
    [portNumber, ['-1', '65536', 'http']],
    [dollars, ['0', '-1', 'nan', 'NaN', 'Infinity', '-Infinity', '1e400', '', ' ', '1,5', '$1', '0x1']],
    [runCap, ['-1', 'abc', 'NaN', 'Infinity', '', '1,5', '$1', '1000001']],
    [priority, ['-101', '101', '1.5', 'high', '']],
    [timeoutSeconds, ['0', '-1', '86401', 'NaN', '']],
    [attemptCount, ['0', '101', '1.5']],
    [lineCount, ['-1', '1.5', 'all']],
    [(text: string) => actionTypes(text), ['', 'safety', 'SAFETY,', 'SAFETY ERROR']],
    [someText, ['', '  ']],
    [temperature, ['-0.1', '2.1', 'hot', 'NaN']],
  ])('%o refuses what is not', (read, texts) => {
    for (const text of texts) expect(() => read(text), text).toThrow(/./);
  });

  it('names the value and what is allowed', () => {
    for (const text of ['four', '40'])
      expect(() => workerCount(text)).toThrow(`workers: a whole number from 1 to 32, got '${text}'`);
    expect(() => runCap('abc')).toThrow("'abc' is not an amount in US dollars, 0 or more");
    expect(() => idList('a,,b', [])).toThrow("'a,,b' names an empty id");
  });
});
