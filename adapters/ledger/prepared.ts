/** Queries compiled once by Kysely and run many times: compiling costs more than a commit shared by 64 calls. */
import { sql } from 'kysely';
import type { Compilable, CompiledQuery, QueryResult, RawBuilder } from 'kysely';

/** What runs a compiled query: a Kysely instance or one of its transactions. */
export interface Executor {
  executeQuery<R>(query: CompiledQuery<R>): Promise<QueryResult<R>>;
}

class Placeholder {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** Gives the typed placeholder of a parameter; its value comes with each run. */
export type Parameter<P> = <K extends keyof P & string>(name: K) => RawBuilder<P[K]>;

export type Prepared<P, R> = (executor: Executor, parameters: P) => Promise<readonly R[]>;

/** `prepare<Parameters>()(parameter => query)`; the query is compiled here, by the database it was built with. */
export function prepare<P extends object>() {
  return <R>(build: (parameter: Parameter<P>) => Compilable<R>): Prepared<P, R> => {
    const compiled: CompiledQuery<R> = build((name) => sql`${new Placeholder(name)}`).compile();
    return async (executor, parameters) => {
      const bound = compiled.parameters.map((value) =>
        value instanceof Placeholder ? Reflect.get(parameters, value.name) : value,
      );
      const result = await executor.executeQuery<R>({ ...compiled, parameters: bound });
      return result.rows;
    };
  };
}
