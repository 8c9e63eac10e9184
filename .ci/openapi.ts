// Compiles only when the types made from the OpenAPI document can be used: one without fields refuses these lines.
import type { components, paths } from "./api";

type Camera = components["schemas"]["CameraStatus"];
type Tree = components["schemas"]["Observation"];
type Answer = paths["/api/openapi.json"]["get"]["responses"][200]["content"]["application/json"];

export const name = (camera: Camera): string => camera.name;
export const state = (actor: Tree, key: string): unknown => actor.state?.[key];
export const version = (document: Answer): unknown => document["openapi"];
export const told: Answer = { openapi: "3.1.0" };
export const known: NonNullable<Tree["state"]> = { running: 3 };
