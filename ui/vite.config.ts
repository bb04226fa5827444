// How the screens are built: into the Python package, under any prefix, without inline styles.

import { fileURLToPath } from "node:url";
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
// `vite` alone serves the screens anew at each change, with the API of this server.
const server = process.env["TOCSIN_URL"] ?? "http://127.0.0.1:8000";
const isTest = process.env["VITEST"] !== undefined;

export default defineConfig({
  plugins: [vue()],
  // Addresses relative to the file that names them hold under every prefix.
  base: "./",
  resolve: {
    alias: {
      "@": here("./src"),
      "tocsin-client": here("../clients/js/src/index.ts"),
      // Naive UI asks this package where its styles go; under vitest they may stay where they are.
      ...(isTest ? {} : { "@css-render/vue3-ssr": here("./src/surroundings/adopted-styles.ts") }),
    },
  },
  build: {
    outDir: here("../src/tocsin/web/static"),
    emptyOutDir: true,
    target: "es2023",
    // Small files stay files: the content policy allows no data: scripts, and pictures are few.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    fs: { allow: [here("."), here("../clients/js")] },
    proxy: {
      "/api": { target: server, ws: true },
      "/health": server,
    },
  },
  test: {
    environment: "happy-dom",
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/setup.ts"],
    restoreMocks: true,
    unstubGlobals: true,
    server: { deps: { inline: ["naive-ui"] } },
  },
});
