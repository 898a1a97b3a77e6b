/** Readers of the rules that the DTOs and options declare. Only an application that starts needs them. */
export { ClassTransformer } from 'class-transformer/cjs/ClassTransformer.js';
export { getMetadataStorage } from 'class-validator/cjs/metadata/MetadataStorage.js';
export { Validator } from 'class-validator/cjs/validation/Validator.js';
