// The yardstick: a bare Nest application on Express. One route reads a body with the stock JSON parser and answers an
// object; the other answers what its parent gave it under a name. Run as a child; it sends its port to the parent and
// ends with it.
import 'reflect-metadata';
import { Body, Controller, Get, HttpCode, Module, Param, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

/** @type {Map<string, unknown>} */
const answers = new Map();

class EchoController {
  /** @param {unknown} body */
  echo(body) {
    return body;
  }

  /** @param {string} name */
  answer(name) {
    return answers.get(name);
  }
}
class EchoModule {}

// What `@Post('echo') @HttpCode(200) echo(@Body() body)` and `@Get('answers/:name') answer(@Param('name') name)` compile to.
const { prototype } = EchoController;
const echo = Object.getOwnPropertyDescriptor(prototype, 'echo');
Post('echo')(prototype, 'echo', echo);
HttpCode(200)(prototype, 'echo', echo);
Body()(prototype, 'echo', 0);
Get('answers/:name')(prototype, 'answer', Object.getOwnPropertyDescriptor(prototype, 'answer'));
Param('name')(prototype, 'answer', 0);
Controller()(EchoController);
Module({ controllers: [EchoController] })(EchoModule);

const app = await NestFactory.create(EchoModule, { logger: false });
await app.listen(0, '127.0.0.1');
process.on('disconnect', () => process.exit(0));
process.on('message', ({ name, body }) => answers.set(name, body));
process.send?.({ port: app.getHttpServer().address().port });
