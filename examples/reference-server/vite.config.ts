import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

export default defineConfig({
  root: fileURLToPath(new URL('dashboard', import.meta.url)),
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist/dashboard',
    emptyOutDir: true,
    target: 'es2024',
    // The first releases with light-dark(), so that the style sheet's two themes stay as written.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // Nothing inline: the page is served under `script-src 'self'`.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
})
