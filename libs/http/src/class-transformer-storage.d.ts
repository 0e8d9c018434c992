/** What class-transformer's decorators have said; part of the package, though not of its types. */
declare module 'class-transformer/cjs/storage' {
  export { defaultMetadataStorage } from 'class-transformer/types/storage';
}
