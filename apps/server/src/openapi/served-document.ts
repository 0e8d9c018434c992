import { Environment } from '@aegis/config';
import { Injectable, type INestApplication } from '@nestjs/common';
import { openApiDocument } from './document';

/** The OpenAPI document as it is served: made when it is first asked for, which takes half a second. */
@Injectable()
export class ServedDocument {
  private app: INestApplication | undefined;
  private text: string | undefined;

  constructor(private readonly environment: Environment) {}

  /** @param app the application whose routes are described; call it before it listens */
  describe(app: INestApplication): void {
    this.app = app;
  }

  /** @returns JSON */
  json(): string {
    if (this.app === undefined) throw new Error('describe(app) comes first');
    return (this.text ??= JSON.stringify(openApiDocument(this.app, this.environment)));
  }
}
