/**
 * A token model, not a tokenizer: a quarter of a token per UTF-16 unit and half a token per byte beyond one a unit. That is about
 * four characters to a token for English, and less than two for scripts a tokenizer knows badly. It keeps what a caller's bound
 * rests on: a text never has more tokens than UTF-8 bytes, and the chat template never adds more than 60.
 */
export const MAX_TEMPLATE_TOKENS = 60;

export function textTokens(text: string): number {
  const bytes = Buffer.byteLength(text);
  return Math.ceil(text.length / 4 + (bytes - text.length) / 2);
}

export interface Message {
  readonly role: string;
  readonly content: string;
}

export function promptTokens(messages: readonly Message[]): number {
  let tokens = Math.min(MAX_TEMPLATE_TOKENS, 20 + 5 * messages.length);
  for (const message of messages) tokens += textTokens(message.content);
  return tokens;
}

/** The longest beginning of `text` that has at most `limit` tokens; never ends within a surrogate pair. */
export function firstTokens(text: string, limit: number): string {
  if (textTokens(text) <= limit) return text;
  let fits = 0;
  let tooLong = text.length;
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1;
    if (textTokens(text.slice(0, middle)) <= limit) fits = middle;
    else tooLong = middle;
  }
  const last = text.charCodeAt(fits - 1);
  const isHighSurrogate = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, isHighSurrogate ? fits - 1 : fits);
}
