import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The page: `vite build` here writes dist/web, which the server reads at its start. Scripts and styles are files of their own, nothing is
// inlined: the panel's content policy allows neither inline code nor data: scripts. The polyfill of modulepreload would be such code.
export default defineConfig({
  root: 'web',
  plugins: [react()],
  resolve: { conditions: ['vivarium-src', 'module', 'browser', 'development|production'] },
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { index: 'web/index.html', open: 'web/open.html' } },
  },
});
