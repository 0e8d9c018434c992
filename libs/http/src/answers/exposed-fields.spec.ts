import 'reflect-metadata';
import { Expose, plainToInstance, Transform, Type } from 'class-transformer';
import { exposedFieldsOf } from './exposed-fields';
import { Opaque } from './opaque';

class BaseDto {
  @Expose()
  id!: string;

  @Expose()
  at!: Date | null;
}

class PlainDto extends BaseDto {
  @Expose()
  tags!: unknown;
}

class NestedDto extends BaseDto {
  @Expose()
  @Type(() => BaseDto)
  owner!: BaseDto | null;
}

class DeeperDto {
  @Expose()
  @Type(() => NestedDto)
  inner!: NestedDto | null;
}

class ListingDto {
  @Expose()
  @Type(() => BaseDto)
  owners!: BaseDto[];
}

class MadeDto extends BaseDto {
  @Expose()
  @Transform(({ obj }: { obj: { count: string } }) => Number(obj.count))
  count!: number;
}

class AbsentDto extends BaseDto {
  @Expose()
  @Transform(({ value }: { value: Date | null }) => value ?? undefined)
  gone_at?: Date;
}

class OpaqueDto extends BaseDto {
  @Opaque()
  names!: unknown;
}

class RenamedDto {
  @Expose({ name: 'id' })
  license!: string;
}

const at = new Date(Date.UTC(2026, 1, 3));

describe('exposedFieldsOf', () => {
  it.each([
    ['plain values', PlainDto, { id: '1', at, tags: ['a', null, 3], key_hash: 'canary' }],
    ['what is missing or null', PlainDto, { id: undefined, at: null, secret: 'canary' }],
    ['objects where none is declared', PlainDto, { id: '1', at, tags: { inner: 1 } }],
    ['objects in a list', PlainDto, { id: '1', at, tags: [{ inner: 1 }] }],
    ['lists in a list', PlainDto, { id: '1', at, tags: [[{ inner: 1 }]] }],
    ['a list of things', PlainDto, [{ id: '1', at, tags: [], secret: 'canary' }]],
    ['a DTO within a DTO', NestedDto, { id: '1', at, owner: { id: 'o', at, password: 'canary' } }],
    ['no DTO within a DTO', NestedDto, { id: '1', at, owner: null }],
    ['an absent DTO within a DTO', NestedDto, { id: '1', at }],
    ['a text in place of a DTO', NestedDto, { id: '1', at, owner: 'o' }],
    ['a moment in place of a DTO', NestedDto, { id: '1', at, owner: at }],
    [
      'a DTO two levels down',
      DeeperDto,
      { inner: { id: '1', at, owner: { id: 'o', at, password: 'canary' } } },
    ],
    ['a list of DTOs', ListingDto, { owners: [{ id: 'o', at, password: 'canary' }] }],
    [
      'a list of DTOs, where one is declared',
      NestedDto,
      { id: '1', at, owner: [{ id: 'o', at, password: 'canary' }] },
    ],
    [
      'an object in a DTO in a DTO',
      NestedDto,
      { id: '1', at, owner: { id: { key_hash: 'x' }, at, password: 'canary' } },
    ],
    ['made values', MadeDto, { id: '1', at, count: '7', secret: 'canary' }],
    ['a made value of null', AbsentDto, { id: '1', at, gone_at: null, secret: 'canary' }],
    ['a made value of a moment', AbsentDto, { id: '1', at, gone_at: at, secret: 'canary' }],
    ['a made value of an object', AbsentDto, { id: '1', at, gone_at: { inner: 1 } }],
    ['made values of an object', MadeDto, { id: '1', at, count: { secret: 'canary' } }],
    [
      'names of anybody',
      OpaqueDto,
      { id: '1', at, names: JSON.parse('{"constructor":1,"a":{"b":[{}]}}'), key: 'x' },
    ],
    ['no names', OpaqueDto, { id: '1', at }],
    ['renamed values', RenamedDto, { id: '1', license: 'canary' }],
  ])('exposes of %s what class-transformer does', (_what, type, value) => {
    const exposed = JSON.stringify(exposedFieldsOf(type)(value));
    expect(exposed).toBe(
      JSON.stringify(plainToInstance<object, object>(type, value, { excludeExtraneousValues: true })),
    );
    expect(exposed).not.toContain('canary');
  });

  it('reads a getter, as entities have them', () => {
    class Entity {
      constructor(private readonly number: number) {}
      get id(): string {
        return `license ${this.number}`;
      }
    }
    expect(exposedFieldsOf(BaseDto)(new Entity(7))).toEqual({ id: 'license 7', at: undefined });
  });
});
