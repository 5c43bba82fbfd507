/** Random damage to a text of lines, and where the first line is that it changed. The judge of what a verifier says: it shares no code with it. */
export interface Damage {
  readonly kind: 'edit' | 'delete' | 'swap' | 'cut';
  readonly text: string;
  /** Number of the first line that is not what it was, from 1. */
  readonly record: number;
}

/** `dice(n)`: a whole number from 0 to n - 1. Undefined when the draw changed nothing. ASCII texts. */
export function damage(original: string, dice: (sides: number) => number): Damage | undefined {
  const lines = original.split(/(?<=\n)/);
  const kind = (['edit', 'delete', 'swap', 'cut'] as const)[dice(4)] ?? 'edit';
  const text = damaged(kind, original, lines, dice);
  if (text === original) return undefined;
  const now = text.split(/(?<=\n)/);
  const index = lines.findIndex((line, at) => line !== now[at]);
  return { kind, text, record: (index === -1 ? lines.length : index) + 1 };
}

function damaged(
  kind: Damage['kind'],
  original: string,
  lines: readonly string[],
  dice: (sides: number) => number,
): string {
  switch (kind) {
    case 'edit': {
      const at = dice(original.length);
      const put = ['', 'x', '0', '"', '}', '\n', ' ', 'zz'][dice(8)] ?? '';
      return original.slice(0, at) + put + original.slice(at + 1);
    }
    case 'delete': {
      const at = dice(lines.length);
      return lines.toSpliced(at, 1 + dice(3)).join('');
    }
    case 'swap': {
      const one = dice(lines.length);
      const other = dice(lines.length);
      return lines
        .with(one, lines[other] ?? '')
        .with(other, lines[one] ?? '')
        .join('');
    }
    case 'cut':
      return original.slice(0, dice(original.length));
  }
}
