import { join } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { contractWays } from './contract-ways.ts'
import { precompressed } from './precompressed.ts'

export default defineConfig({
  root: import.meta.dirname,
  plugins: [contractWays(), react(), precompressed(join(import.meta.dirname, 'dist'))],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: { polyfill: false },
    // Fonts and pictures stay files: the content policy allows nothing inline but small pictures.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { '/api': { target: process.env.KAPOK_URL ?? 'http://127.0.0.1:8080', ws: true } } },
})
