/** The door: takes the token out of the link's fragment, which no server ever sees, and exchanges it for a session. */
const byId = (id: string): HTMLElement | null => document.getElementById(id);

function say(title: string, text: string): void {
  byId('title')?.replaceChildren(title);
  byId('text')?.replaceChildren(text);
}

async function comeIn(token: string): Promise<void> {
  // Out of the address bar and the history before anything else: a link that was used is not to be found there.
  history.replaceState(null, '', window.location.pathname);
  byId('help')?.toggleAttribute('hidden', true);
  say('Opening…', 'The link is being checked.');
  try {
    const reply = await fetch('/api/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-vivarium-panel': 'open' },
      body: JSON.stringify({ token }),
      cache: 'no-store',
    });
    if (reply.ok) return window.location.replace('/');
    byId('help')?.toggleAttribute('hidden', false);
    if (reply.status === 429) say('Too many wrong links', 'Wait a minute, then open the right one.');
    else
      say(
        'This link no longer opens',
        'It belongs to a panel that has stopped, or it was used more than ten minutes ago.',
      );
  } catch {
    byId('help')?.toggleAttribute('hidden', false);
    say('The panel does not answer', 'It has stopped. Start it again and open the link it prints.');
  }
}

function look(): void {
  const token = new URLSearchParams(window.location.hash.slice(1)).get('token');
  if (token !== null && token !== '') void comeIn(token);
}

// A link pasted over this very page changes the fragment only.
window.addEventListener('hashchange', look);
look();
