// The yardstick: a bare Nest application on Express, whose only route reads a body with the stock JSON parser and
// answers it. Run as a child; it sends its port to the parent and ends with it.
import 'reflect-metadata';
import { Body, Controller, HttpCode, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

class EchoController {
  /** @param {unknown} body */
  echo(body) {
    return body;
  }
}
class EchoModule {}

// What `@Post('echo') @HttpCode(200) echo(@Body() body)` compiles to.
const { prototype } = EchoController;
const method = Object.getOwnPropertyDescriptor(prototype, 'echo');
Post('echo')(prototype, 'echo', method);
HttpCode(200)(prototype, 'echo', method);
Body()(prototype, 'echo', 0);
Controller()(EchoController);
Module({ controllers: [EchoController] })(EchoModule);

const app = await NestFactory.create(EchoModule, { logger: false });
await app.listen(0, '127.0.0.1');
process.on('disconnect', () => process.exit(0));
process.send?.({ port: app.getHttpServer().address().port });
