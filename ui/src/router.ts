// Addresses of the screens, under the prefix; each screen is loaded when it is first opened.

import { createRouter, createWebHistory, type RouteRecordRaw } from "vue-router";
import { isAtLeast } from "@/api/session.ts";
import type { Role } from "@/api/shapes.ts";
import { prefix } from "@/surroundings/prefix.ts";

declare module "vue-router" {
  interface RouteMeta {
    /** Who may see it; everybody when left out. */
    role?: Role;
    /** Of the navigation, where the route's own name does not say it. */
    place?: string;
    /** Without navigation around it. */
    isBare?: boolean;
  }
}

const routes: RouteRecordRaw[] = [
  {
    path: "/",
    alias: "/deployments",
    name: "deployments",
    component: () => import("@/screens/deployments/DeploymentsScreen.vue"),
    meta: { role: "viewer" },
  },
  {
    path: "/deployments/:id",
    name: "deployment",
    component: () => import("@/screens/deployment/DeploymentScreen.vue"),
    meta: { role: "viewer" },
  },
  {
    path: "/projects",
    name: "projects",
    component: () => import("@/screens/projects/ProjectsScreen.vue"),
    meta: { role: "viewer" },
  },
  {
    path: "/projects/:project",
    name: "project",
    component: () => import("@/screens/projects/ProjectScreen.vue"),
    meta: { role: "viewer" },
  },
  {
    path: "/events",
    name: "events",
    component: () => import("@/screens/events/EventsScreen.vue"),
    meta: { role: "viewer" },
  },
  {
    path: "/events/:id",
    name: "event",
    component: () => import("@/screens/events/EventScreen.vue"),
    meta: { role: "viewer" },
  },
  {
    path: "/trainings",
    name: "trainings",
    component: () => import("@/screens/trainings/TrainingsScreen.vue"),
    meta: { role: "viewer" },
  },
  {
    path: "/trainings/:id",
    name: "training",
    component: () => import("@/screens/trainings/TrainingScreen.vue"),
    meta: { role: "viewer" },
  },
  {
    path: "/sources",
    name: "sources",
    component: () => import("@/screens/sources/SourcesScreen.vue"),
    meta: { role: "viewer" },
  },
  {
    path: "/sources/:kind/:name?",
    name: "source",
    component: () => import("@/screens/sources/SourceScreen.vue"),
    meta: { role: "viewer" },
  },
  // Above the one that takes any id.
  {
    path: "/callbacks",
    name: "callbacks",
    component: () => import("@/screens/callbacks/CallbacksScreen.vue"),
    meta: { role: "viewer" },
  },
  {
    path: "/callbacks/history",
    name: "deliveries",
    component: () => import("@/screens/callbacks/HistoryScreen.vue"),
    meta: { role: "viewer", place: "callbacks" },
  },
  {
    path: "/callbacks/statistics",
    name: "delivery-stats",
    component: () => import("@/screens/callbacks/StatisticsScreen.vue"),
    meta: { role: "viewer", place: "callbacks" },
  },
  {
    path: "/callbacks/templates",
    name: "templates",
    component: () => import("@/screens/callbacks/TemplatesScreen.vue"),
    meta: { role: "viewer", place: "callbacks" },
  },
  {
    path: "/callbacks/templates/:id",
    name: "template",
    component: () => import("@/screens/callbacks/TemplateScreen.vue"),
    meta: { role: "viewer", place: "callbacks" },
  },
  {
    path: "/callbacks/:id",
    name: "callback",
    component: () => import("@/screens/callbacks/CallbackScreen.vue"),
    meta: { role: "viewer" },
  },
  {
    path: "/system",
    name: "system",
    component: () => import("@/screens/system/SystemScreen.vue"),
    meta: { role: "viewer" },
  },
  {
    path: "/people",
    name: "people",
    component: () => import("@/screens/access/PeopleScreen.vue"),
    meta: { role: "admin" },
  },
  {
    path: "/tokens",
    name: "tokens",
    component: () => import("@/screens/access/TokensScreen.vue"),
    meta: { role: "admin" },
  },
  {
    path: "/sign-in",
    name: "sign-in",
    component: () => import("@/screens/sign-in/SignInScreen.vue"),
    meta: { isBare: true },
  },
  {
    path: "/:rest(.*)*",
    name: "nowhere",
    component: () => import("@/screens/NowhereScreen.vue"),
  },
];

export const router = createRouter({
  history: createWebHistory(`${prefix}/`),
  routes,
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
});

router.beforeEach((to) => {
  const { role } = to.meta;
  if (role === undefined || isAtLeast(role)) {
    return true;
  }
  return { name: "sign-in", query: { next: to.fullPath } };
});
