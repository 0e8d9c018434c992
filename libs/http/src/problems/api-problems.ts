import { PROBLEMS, type ErrorCode } from '@aegis/errors';
import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { ProblemDto } from './problem.dto';

/**
 * Writes into the OpenAPI document which errors a route can answer, one response a status.
 * What every route shares (401, 403, 406, 429, 500, 503) comes with `@RequireScopes`, `@AnyKey` and `@Public`.
 * @param codes codes of the catalogue; all codes of one status belong into one call
 */
export function ApiProblems(...codes: ErrorCode[]): ClassDecorator & MethodDecorator {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = PROBLEMS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return applyDecorators(
    ApiExtraModels(ProblemDto),
    ...[...byStatus].map(([status, of]) =>
      ApiResponse({
        status,
        description: of.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join(' · '),
        content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemDto) } } },
      }),
    ),
  );
}

/** The codes that `ApiProblems` wrote into the description of a response. */
export function problemCodesIn(description: string): ErrorCode[] {
  return [...description.matchAll(/`([a-z_]+)`: /g)].flatMap(([, code]) =>
    code !== undefined && Object.hasOwn(PROBLEMS, code) ? [code as ErrorCode] : [],
  );
}
