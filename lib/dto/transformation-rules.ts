import 'reflect-metadata';

/** What is used of class-transformer, from its own files like the rules of class-validator, and for the same reason. */
export { Transform } from 'class-transformer/cjs/decorators/transform.decorator.js';
export { Type } from 'class-transformer/cjs/decorators/type.decorator.js';
