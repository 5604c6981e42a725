/** Drawings are imported as addresses: the bundler makes `data:` URLs of them. */
declare module "*.svg" {
  const address: string;
  export default address;
}
