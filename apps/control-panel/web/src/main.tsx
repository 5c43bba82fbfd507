import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createFeedStore } from './feed/feed-store.ts';
import { App } from './view/app.tsx';

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no root element');
const store = createFeedStore();
store.start();
createRoot(root).render(
  <StrictMode>
    <App store={store} />
  </StrictMode>,
);
