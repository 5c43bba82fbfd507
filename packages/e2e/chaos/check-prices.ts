/**
 * What calls are held and paid at, counted again from prices written down here anew: nano-dollars a token, from the fact that a dollar per million tokens is a thousand of
 * them. Pure; shares nothing with the product.
 */
import { numberOf, textOf, type LogLine } from './log-lines.ts';
import { violation, type Violation } from './violation.ts';

interface Price {
  readonly input: number;
  readonly output: number;
}
const PRICES: Readonly<Record<string, Price>> = {
  'llama-3.1-8b-instant': { input: 50, output: 80 },
  'llama-3.3-70b-versatile': { input: 590, output: 790 },
};

/** Of calls that were really made and billed once: input tokens, output tokens, nano-dollars. */
const GOLDEN: readonly (readonly [model: string, input: number, output: number, cost: number])[] = [
  ['llama-3.1-8b-instant', 56, 17, 4_160],
  ['llama-3.3-70b-versatile', 30_049, 38, 17_758_930],
  ['llama-3.3-70b-versatile', 30_049, 59, 17_775_520],
  ['llama-3.3-70b-versatile', 30_049, 63, 17_778_680],
  ['llama-3.3-70b-versatile', 11_358, 1_309, 7_735_330],
];

export function checkPrices(audit: readonly LogLine[]): readonly Violation[] {
  const violations: Violation[] = [];
  for (const [model, input, output, cost] of GOLDEN)
    if (costOf(model, input, output) !== cost)
      violations.push(
        violation('M2', `the prices of this checker do not give ${cost} for a known call of ${model}`),
      );
  for (const line of audit) {
    const model = textOf(line, 'model');
    switch (textOf(line, 'event')) {
      case 'call.held': {
        const held = costOf(
          model,
          numberOf(line, 'input_token_bound'),
          numberOf(line, 'max_completion_tokens'),
        );
        if (held !== numberOf(line, 'held_nano_usd'))
          violations.push(
            violation(
              'M1',
              `${numberOf(line, 'held_nano_usd')} is held for a call that can cost ${held}`,
              line,
            ),
          );
        break;
      }
      case 'API_CALL_SUCCESS': {
        const cost = costOf(model, numberOf(line, 'input_tokens'), numberOf(line, 'output_tokens'));
        if (cost !== numberOf(line, 'cost_nano_usd'))
          violations.push(
            violation(
              'M2',
              `${numberOf(line, 'cost_nano_usd')} is booked for a call that cost ${cost}`,
              line,
            ),
          );
        break;
      }
    }
  }
  return violations;
}

function costOf(model: string, input: number, output: number): number | undefined {
  const price = PRICES[model];
  return price === undefined ? undefined : input * price.input + output * price.output;
}
