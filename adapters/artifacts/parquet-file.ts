/** Parquet from rows, a row group at a time: memory does not grow with the rows, and the same rows are the same bytes. */
import type { FileHandle } from 'node:fs/promises';
import { ByteWriter, parquetWriteRows } from 'hyparquet-writer';
import type { SchemaElement } from 'hyparquet-writer';
import type { TableColumn } from '../../activities/ports/artifacts.ts';

const rowGroupSize = 10_000;

export async function writeParquet(
  file: FileHandle,
  rows: AsyncIterable<object>,
  columns: readonly TableColumn[],
): Promise<void> {
  const writer = new ByteWriter();
  const flush = async (): Promise<void> => {
    await file.appendFile(writer.getBytes());
    writer.index = 0;
  };
  await parquetWriteRows({
    writer: Object.assign(writer, { flush, finish: flush }),
    rows,
    columns: columns.map(({ name }) => ({ name })),
    schema: [{ name: 'schema', num_children: columns.length }, ...columns.flatMap(schemaOf)],
    rowGroupSize,
    createdBy: 'baldistill',
  });
}

function schemaOf({ name, kind, optional }: TableColumn): SchemaElement[] {
  const repetition_type = optional ? 'OPTIONAL' : 'REQUIRED';
  if (kind === 'whole-number') return [{ name, type: 'INT32', repetition_type }];
  if (kind === 'text') return [text(name, repetition_type)];
  return [
    { name, repetition_type, num_children: 1, converted_type: 'LIST', logical_type: { type: 'LIST' } },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', repetition_type: 'REQUIRED', num_children: 2 },
    text('role', 'REQUIRED'),
    text('content', 'REQUIRED'),
  ];
}

function text(name: string, repetition_type: 'OPTIONAL' | 'REQUIRED'): SchemaElement {
  return { name, type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' }, repetition_type };
}
