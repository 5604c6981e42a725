/** The source of a worker as text, which `build.mjs` makes of it and of all that it imports. */
declare module "worker:*" {
  const source: string;
  export default source;
}
