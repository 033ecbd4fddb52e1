import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** `BERTH_API_URL=http://127.0.0.1:8080 npm run dev -w apps/dashboard`: pages from here, everything else from that API. */
const api = process.env.BERTH_API_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  build: { outDir: 'dist', emptyOutDir: true, sourcemap: false, chunkSizeWarningLimit: 900 },
  server: { host: '127.0.0.1', proxy: { '/v1': { target: api, ws: true } } },
});
