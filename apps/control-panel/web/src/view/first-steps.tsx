/** What a home without tasks shows: the steps to the first result, each ticked by what really happened, each with its command. */
import type { Overview } from '@vivarium/contracts';
import type { ReactElement } from 'react';
import { StatusShape } from '../ui/shapes.tsx';

export function FirstSteps({ overview }: { readonly overview: Overview }): ReactElement {
  const { counts, grind, workers } = overview;
  const steps = [
    { name: 'The panel is up', isDone: true, command: undefined, text: 'You are looking at it.' },
    {
      name: 'Add a task',
      isDone: counts.total > 0,
      command: 'orchestrator add hello grind --prompt "Say hello in five languages."',
      text: 'Or edit queue.json: it is read again when it changes.',
    },
    {
      name: 'Start workers',
      isDone: workers.some((worker) => worker.state === 'fresh'),
      command: 'orchestrator start 4',
      text:
        grind === null
          ? 'This starts grind as well; without a GROQ_API_KEY, with the simulator.'
          : grind.simulated
            ? 'Grind is up, with the simulator.'
            : 'Grind is up.',
    },
    {
      name: 'See the first result',
      isDone: counts.completed > 0,
      command: undefined,
      text: 'It appears here by itself.',
    },
  ];
  return (
    <section className="board first" aria-label="First steps">
      <h2>Nothing is queued yet</h2>
      <ol className="steps">
        {steps.map((step) => (
          <li key={step.name} data-done={step.isDone}>
            <StatusShape status={step.isDone ? 'completed' : 'queued'} />
            <div>
              <b>{step.name}</b>
              <span className="hidden-text">{step.isDone ? ' (done)' : ' (not yet)'}</span>
              <p className="dim">{step.text}</p>
              {step.command !== undefined && !step.isDone && <pre className="command">{step.command}</pre>}
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}
