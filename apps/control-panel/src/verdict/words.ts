/**
 * The verdict line: is it running, does work flow, what does it cost. Pure: what the record, the beats and the control state say goes in, a
 * word with its rule comes out. The first rule that fits speaks; each carries its inputs, so that nobody has to guess.
 */
import type { Verdict } from '@vivarium/contracts';

/** A verdict before its inputs. */
export type Words = Pick<Verdict, 'kind' | 'tone' | 'words' | 'detail' | 'rule' | 'advice'>;
export const advise = (text: string, command: string | null = null): Verdict['advice'] => ({ text, command });
