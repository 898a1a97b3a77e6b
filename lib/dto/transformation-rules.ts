import 'reflect-metadata';

/** The decorators of class-transformer that the DTOs and options use, from single files for the reason in validation-rules.ts. */
export { Transform } from 'class-transformer/cjs/decorators/transform.decorator.js';
export { Type } from 'class-transformer/cjs/decorators/type.decorator.js';
