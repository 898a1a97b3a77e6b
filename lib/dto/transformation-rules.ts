import 'reflect-metadata';

/** The decorators of class-transformer in use, imported from single files like the rules of class-validator, and for the same reason. */
export { Transform } from 'class-transformer/cjs/decorators/transform.decorator.js';
export { Type } from 'class-transformer/cjs/decorators/type.decorator.js';
