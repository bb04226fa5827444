// Start the screens: who this is, the texts, the live line, the page.

import { createApp, watch } from "vue";
import App from "@/App.vue";
import { type Problem, whenSignedOut } from "@/api/call.ts";
import { mayRead, renewSession, session } from "@/api/session.ts";
import StartProblem from "@/frame/StartProblem.vue";
import { closeLink, openLink } from "@/live/link.ts";
import { router } from "@/router.ts";
import "@/styles/tokens.css";
import "@/styles/ground.css";
import { i18n, startTexts } from "@/texts/index.ts";

async function start(): Promise<void> {
  await startTexts();
  await renewSession().catch(untilItAnswers);
  whenSignedOut(() => {
    void renewSession().then(() => {
      if (!mayRead.value && router.currentRoute.value.name !== "sign-in") {
        void router.push({ name: "sign-in", query: { next: router.currentRoute.value.fullPath } });
      }
    });
  });
  watch(
    () => [session.value.kind, session.value.name, mayRead.value],
    () => (mayRead.value ? openLink() : closeLink()),
    { immediate: true },
  );
  const app = createApp(App).use(i18n).use(router);
  // Before that it is not known whether there is a frame around the screen.
  await router.isReady();
  app.mount("#app");
}

/** Say that the server does not answer, and go on once it does. */
function untilItAnswers(first: Problem): Promise<void> {
  return new Promise((resolve) => {
    const instead = createApp(StartProblem, {
      first,
      onOver: () => {
        instead.unmount();
        resolve();
      },
    });
    instead.use(i18n).mount("#app");
  });
}

void start();
