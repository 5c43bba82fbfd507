/** Data fetched for an opened row. A new address or version asks again and leaves the old answer standing until the new one is there. */
import { useEffect, useState } from 'react';

export type Fetched<T> =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'coming' }
  | { readonly kind: 'here'; readonly value: T }
  | { readonly kind: 'failed'; readonly why: string };

/** Trusts the panel for the shape: the answer is its own, same origin, and every text in it is shown as text. */
export const useJson = <T>(address: string | undefined, version: string): Fetched<T> =>
  useFetched(address, version, async (reply) => (await reply.json()) as T);
export const useText = (address: string | undefined): Fetched<string> => useFetched(address, '', textOf);
const textOf = (reply: Response): Promise<string> => reply.text();

function useFetched<T>(
  address: string | undefined,
  version: string,
  read: (reply: Response) => Promise<T>,
): Fetched<T> {
  const [fetched, setFetched] = useState<Fetched<T>>({ kind: address === undefined ? 'nothing' : 'coming' });
  useEffect(() => {
    if (address === undefined) return undefined;
    const abort = new AbortController();
    const ask = async (): Promise<void> => {
      try {
        const reply = await fetch(address, { signal: abort.signal, cache: 'no-store' });
        if (!reply.ok)
          return setFetched({
            kind: 'failed',
            why: reply.status === 404 ? 'it is not there' : `the panel answered ${reply.status}`,
          });
        setFetched({ kind: 'here', value: await read(reply) });
      } catch {
        if (!abort.signal.aborted)
          setFetched((before) =>
            before.kind === 'here' ? before : { kind: 'failed', why: 'the panel does not answer' },
          );
      }
    };
    void ask();
    return () => abort.abort();
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- `read` is one of the two functions above and never changes its meaning
  }, [address, version]);
  return fetched;
}
