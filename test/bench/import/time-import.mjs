/** Says how many milliseconds the root entry takes in a process that has Nest loaded. */
import 'reflect-metadata';
import '@nestjs/common';
import '@nestjs/core';

const start = performance.now();
await import('../../../dist/index.js');
process.send(performance.now() - start);
process.disconnect();
