import { OriginRefused } from '@aegis-http/api-keys';
import type { AuthenticatedKey } from '@aegis/access';
import { type Actor, Caller } from '@aegis/audit';
import { MalformedRequest } from '@aegis/errors';
import {
  answerList,
  AnyKey,
  ApiProblems,
  CONSOLE_HEADER,
  Creates,
  credentialOf,
  isFromConsole,
  PageQueryDto,
  PathId,
  Responds,
  RespondsNothing,
} from '@aegis/http';
import { UUID_RULE } from '@aegis/field-rules';
import { STREAM_TYPES } from '@aegis/lists';
import { Controller, Delete, Get, Post, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { SessionList } from '../session-list';
import type { BrowserSession } from '../browser-session.entity';
import { Sessions } from '../sessions.service';
import { SessionNotFound } from '../sessions.errors';
import { SessionCookie } from './session-cookie';
import { SessionDto, SessionPageDto } from './session.dto';

/** Sessions of the console: what a browser has in place of an API key. */
@ApiTags('Sessions')
@Controller('api/v1/sessions')
export class SessionsController {
  constructor(
    private readonly sessions: Sessions,
    private readonly list: SessionList,
    private readonly cookie: SessionCookie,
  ) {}

  @Post()
  @AnyKey({ sessions: false })
  @ApiOperation({
    operationId: 'openSession',
    summary: 'Sign in: open a session of the API key of this request, in a cookie',
  })
  @ApiHeader({ name: CONSOLE_HEADER, required: true, schema: { type: 'string', enum: ['1'] } })
  @ApiProblems('insufficient_scope', 'origin_refused')
  @Creates(({ id }: BrowserSession) => `/api/v1/sessions/${id}`)
  @Responds(SessionDto, {
    status: 201,
    description: 'Signed in',
    headers: {
      'Set-Cookie': {
        description: 'The session; a browser keeps it out of the reach of scripts.',
        schema: { type: 'string' },
      },
    },
  })
  async open(
    @Caller() actor: Actor,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<BrowserSession> {
    if (!isFromConsole(request))
      throw new MalformedRequest(`Send the header ${CONSOLE_HEADER}: 1, as with every request of a session.`);
    const { origin } = request.headers;
    if (origin !== undefined && origin !== this.cookie.origin) throw new OriginRefused(this.cookie.origin);
    const former = this.cookie.read(request);
    const { session, value } = await this.sessions.open(
      actor,
      callerOf(request),
      former.kind === 'one' ? former.value : undefined,
    );
    this.cookie.set(response, value);
    return session;
  }

  @Get()
  @AnyKey()
  @ApiOperation({
    operationId: 'listSessions',
    summary: 'List sessions, newest first: those of the same API key, all with `api-keys:manage`',
  })
  @Responds(SessionPageDto, { alsoOffers: STREAM_TYPES })
  page(@Query() query: PageQueryDto, @Req() request: Request): Promise<object> {
    return answerList(request, 'sessions', query, this.list.source(callerOf(request)), SessionDto);
  }

  @Get('current')
  @AnyKey()
  @ApiOperation({ operationId: 'getCurrentSession', summary: 'Read the session of this request' })
  @ApiProblems('session_not_found')
  @Responds(SessionDto)
  current(@Req() request: Request): Promise<BrowserSession> {
    return this.sessions.find(callerOf(request), currentIdOf(request));
  }

  @Delete('current')
  @AnyKey()
  @ApiOperation({ operationId: 'endCurrentSession', summary: 'Sign out: end the session of this request' })
  @ApiProblems('session_not_found')
  @RespondsNothing('Signed out')
  async signOut(
    @Caller() actor: Actor,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    await this.sessions.end(actor, callerOf(request), currentIdOf(request));
    this.cookie.clear(response);
  }

  @Get(':id')
  @AnyKey()
  @ApiOperation({ operationId: 'getSession', summary: 'Read a session' })
  @ApiProblems('session_not_found')
  @Responds(SessionDto)
  find(@PathId(UUID_RULE) id: string, @Req() request: Request): Promise<BrowserSession> {
    return this.sessions.find(callerOf(request), id);
  }

  @Delete(':id')
  @AnyKey()
  @ApiOperation({
    operationId: 'endSession',
    summary: 'End a session: one of the same API key, any with `api-keys:manage`',
  })
  @ApiProblems('session_not_found')
  @RespondsNothing('Ended')
  async end(@Caller() actor: Actor, @PathId(UUID_RULE) id: string, @Req() request: Request): Promise<void> {
    await this.sessions.end(actor, callerOf(request), id);
  }
}

function callerOf(request: Request): AuthenticatedKey {
  const credential = credentialOf(request);
  if (credential.kind !== 'key') throw new Error('a route that needs a key was reached without one');
  return credential.key;
}

function currentIdOf(request: Request): string {
  const { sessionId } = callerOf(request);
  if (sessionId === null) throw new SessionNotFound();
  return sessionId;
}
