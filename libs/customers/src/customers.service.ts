import { type Actor, AuditLog } from '@aegis/audit';
import {
  lockByIdSql,
  lockRow,
  MicroBatch,
  PreparedStatement,
  transaction,
  violatesConstraint,
} from '@aegis/database';
import { brokenTexts, CUSTOMER_TEXTS } from '@aegis/field-rules';
import { NO_PRECONDITION, type Precondition } from '@aegis/access';
import { InvalidInput } from '@aegis/errors';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, IsNull } from 'typeorm';
import { Customer } from './customer.entity';
import { customerBeginnings, writeBeginnings } from './customer-search';
import { CustomerExists, CustomerInactive, CustomerNotFound } from './customers.errors';

/** The fields of a customer; null empties a field. */
export interface CustomerDetails {
  name: string;
  email?: string | null;
  company?: string | null;
  phone?: string | null;
  address?: string | null;
  notes?: string | null;
  is_active?: boolean;
}

export interface CreateCustomer extends CustomerDetails {
  /** 1–50 of A–Z a–z 0–9 - _, chosen by the vendor; never reused. */
  id: string;
}

/** A customer that was just created. */
export type CreatedCustomer = Customer & {
  /** Sentences for people: other customers whose ids differ in case alone; absent when there are none. */
  warnings?: string[];
};

export type UpdateCustomer = Partial<CustomerDetails>;

const READ = new PreparedStatement<Customer>(
  'customers-read',
  `SELECT id, name, email, company, phone, address, notes, is_active, version, created_at, updated_at, deleted_at,
          restored_at
   FROM customers WHERE id = ANY($1) AND deleted_at IS NULL`,
);

const SHARE = new PreparedStatement<{ id: string; is_active: boolean }>(
  'customers-share',
  lockByIdSql({
    columns: 'id, is_active',
    table: 'customers',
    where: 'deleted_at IS NULL',
    strength: 'SHARE',
  }),
);

/** An id, and the id of another customer that differs from it only in case. */
export interface SimilarIds {
  id: string;
  other: string;
}

// Written as the index customers_by_id_prefix is.
const SIMILAR = new PreparedStatement<SimilarIds>(
  'customers-similar',
  `SELECT given.id, customers.id AS other
   FROM unnest($1::text[]) WITH ORDINALITY AS given (id, position)
   JOIN customers ON lower(customers.id COLLATE "und-x-icu") = lower(given.id COLLATE "und-x-icu")
                 AND customers.id <> given.id AND deleted_at IS NULL
   ORDER BY given.position, customers.id`,
);

/** What a customer is searched by besides its id, which stays. */
const SEARCHED = ['name', 'email', 'company'] as const;

const now = (): string => 'clock_timestamp()';

@Injectable()
export class CustomersService {
  private readonly reads = new MicroBatch<string, Customer | undefined>(
    (ids) => this.read(this.dataSource.manager, ids),
    { name: 'customers', maxSize: 500, maxConcurrent: 2 },
  );

  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
  ) {}

  /** @throws CustomerExists also for the id of a customer that was deleted */
  async create(actor: Actor, input: CreateCustomer): Promise<CreatedCustomer> {
    try {
      return await transaction(this.dataSource, async (tx) => {
        await tx.insert(Customer, { ...input, beginnings: customerBeginnings(input) });
        await this.audit.append(tx, {
          type: 'customer.created',
          actor,
          customerId: input.id,
          data: auditData(namesOfGiven(input), input),
        });
        const customer = await this.find(input.id, tx);
        const warnings = (await this.similarIds(tx, [input.id])).map(similarIdWarning);
        return warnings.length === 0 ? customer : Object.assign(customer, { warnings });
      });
    } catch (error) {
      if (violatesConstraint(error, 'customers_pkey')) throw new CustomerExists(input.id);
      throw error;
    }
  }

  /**
   * Customers whose ids differ in case alone from given ones: easily mistaken for each other.
   * @returns pairs, in the order of the given ids
   */
  async similarIds(tx: EntityManager, ids: readonly string[]): Promise<SimilarIds[]> {
    return SIMILAR.run(tx, [ids]);
  }

  /** @throws CustomerNotFound */
  async find(id: string, tx?: EntityManager): Promise<Customer> {
    const [customer] = tx ? await this.read(tx, [id]) : [await this.reads.add(id)];
    if (!customer) throw new CustomerNotFound(id);
    return customer;
  }

  private async read(tx: EntityManager, ids: readonly string[]): Promise<(Customer | undefined)[]> {
    const rows = await READ.run(tx, [ids]);
    const byId = new Map(rows.map((row) => [row.id, Object.assign(new Customer(), row)]));
    return ids.map((id) => byId.get(id));
  }

  /**
   * Changes the given fields. Deactivating waits for issues that are under way, and later ones see it.
   * @param precondition on the customer before the change
   * @throws CustomerNotFound; InvalidInput for a new text that breaks its rule
   */
  async update(
    actor: Actor,
    id: string,
    input: UpdateCustomer,
    precondition: Precondition<Customer> = NO_PRECONDITION,
  ): Promise<Customer> {
    return transaction(this.dataSource, async (tx) => {
      const customer = await this.lock(tx, id);
      precondition(customer);
      const changed = namesOfGiven(input).filter((field) => input[field] !== customer[field]);
      if (changed.length === 0) return customer;
      const broken = brokenTexts(CUSTOMER_TEXTS, input, customer);
      if (broken.length > 0) throw new InvalidInput(broken);
      const changes = Object.fromEntries(changed.map((field) => [field, input[field]]));
      await tx.update(Customer, id, {
        ...changes,
        ...(changes.name !== undefined && { restored_at: null }),
        version: customer.version + 1,
        updated_at: now,
      });
      // A separate statement, because the database empties the beginnings when their texts change.
      if (SEARCHED.some((field) => changed.includes(field)))
        await writeBeginnings(tx, [Object.assign(customer, changes)]);
      await this.audit.append(tx, {
        type: 'customer.updated',
        actor,
        customerId: id,
        data: auditData(changed, input),
      });
      return this.find(id, tx);
    });
  }

  /**
   * Locks a customer against issues and every other change until the transaction ends.
   * @throws CustomerNotFound
   */
  async lock(tx: EntityManager, id: string): Promise<Customer> {
    const customer = await lockRow(tx, Customer, { id, deleted_at: IsNull() });
    if (!customer) throw new CustomerNotFound(id);
    return customer;
  }

  /**
   * Creates the customers that are not on record, and keeps all of them from being changed or removed until the
   * transaction ends. Customers on record are not changed. Records of those that are created say that an import did it.
   * @param inputs with different ids
   * @returns ids of those that were created, and of deleted customers: they are neither created nor kept
   */
  async shareOrCreate(
    tx: EntityManager,
    actor: Actor,
    inputs: readonly CreateCustomer[],
  ): Promise<{ created: ReadonlySet<string>; deleted: ReadonlySet<string> }> {
    const inserted: { id: string }[] = await tx.query(
      `INSERT INTO customers (id, name, email, company, phone, address, notes, is_active, beginnings)
       SELECT id, name, email, company, phone, address, notes, coalesce(is_active, true), beginnings
       FROM jsonb_populate_recordset(NULL::customers, $1::jsonb) ORDER BY id
       ON CONFLICT (id) DO NOTHING RETURNING id`,
      [JSON.stringify(inputs.map((input) => ({ ...input, beginnings: customerBeginnings(input) })))],
    );
    const created = new Set(inserted.map(({ id }) => id));
    const records = inputs
      .filter(({ id }) => created.has(id))
      .map((input) => ({
        type: 'customer.created' as const,
        actor,
        customerId: input.id,
        data: { ...auditData(namesOfGiven(input), input), by: 'import' },
      }));
    if (records.length > 0) await this.audit.append(tx, ...records);
    const shared: { id: string; deleted: boolean }[] = await tx.query(
      lockByIdSql({
        columns: 'id, deleted_at IS NOT NULL AS deleted',
        table: 'customers',
        strength: 'SHARE',
      }),
      [inputs.map(({ id }) => id)],
    );
    const deleted = new Set(shared.filter((row) => row.deleted).map(({ id }) => id));
    return { created, deleted };
  }

  /**
   * Locks the customer's row in shared mode until the transaction ends: deactivation and removal wait for it, and it
   * waits for them.
   * @throws CustomerNotFound, CustomerInactive
   */
  async shareActive(tx: EntityManager, id: string): Promise<void> {
    const refusal = (await this.shareEach(tx, [id])).get(id);
    if (refusal) throw refusal;
  }

  /**
   * Shares the rows of many customers as `shareActive` does that of one, in the order of their ids.
   * @returns why nothing may be issued to some of them, by id; those that are active are absent
   */
  async shareEach(
    tx: EntityManager,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, CustomerNotFound | CustomerInactive>> {
    const rows = await SHARE.run(tx, [ids]);
    const active = new Map(rows.map(({ id, is_active }) => [id, is_active]));
    const refusals = new Map<string, CustomerNotFound | CustomerInactive>();
    for (const id of ids) {
      if (!active.has(id)) refusals.set(id, new CustomerNotFound(id));
      else if (!active.get(id)) refusals.set(id, new CustomerInactive(id));
    }
    return refusals;
  }

  /**
   * Empties the row except for its id, which stays so that nobody can use it again. Part of the removal of a
   * customer: the caller must have handled the licenses first.
   * @param tx has the lock on the customer
   */
  async softDelete(tx: EntityManager, actor: Actor, id: string): Promise<void> {
    await tx.update(Customer, id, {
      name: null as unknown as string,
      email: null,
      company: null,
      phone: null,
      address: null,
      notes: null,
      is_active: false,
      version: () => 'version + 1',
      updated_at: now,
      deleted_at: now,
    });
    await this.audit.append(tx, { type: 'customer.deleted', actor, customerId: id });
  }
}

/** The warning about ids that differ only in case. */
export function similarIdWarning({ id, other }: SimilarIds): string {
  return `The customer ${other} exists too: its id differs from ${id} only in upper and lower case.`;
}

/** Audit records name fields, never their values, except for whether the customer is active: that is not personal. */
function auditData(
  fields: readonly string[],
  { is_active }: Pick<CustomerDetails, 'is_active'> | UpdateCustomer,
): Readonly<Record<string, unknown>> {
  return { fields, ...(fields.includes('is_active') && { is_active }) };
}

function namesOfGiven<T extends object>(input: T): (keyof T & string)[] {
  return (Object.keys(input) as (keyof T & string)[]).filter(
    (field) => field !== 'id' && input[field] !== undefined,
  );
}
