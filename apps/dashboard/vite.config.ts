import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** `BERTH_API_URL=http://127.0.0.1:8080 npm run dev -w apps/dashboard`: pages from here, everything else from that API. */
const api = process.env.BERTH_API_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  // Browsers that know light-dark(): translated for older ones, it forgets Mantine's scheme.
  build: { outDir: 'dist', cssTarget: ['chrome123', 'firefox120', 'safari17.5'], chunkSizeWarningLimit: 900 },
  server: { host: '127.0.0.1', proxy: { '/v1': { target: api, ws: true } } },
});
