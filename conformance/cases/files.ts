import type { ContractCase } from '../case.ts';
import { demand } from '../case.ts';
import { granted, refused, said } from '../requests/replies.ts';
import { UploadedFile } from '../requests/shapes.ts';
import { trainingText } from '../requests/samples.ts';
import { postFile, trainable } from '../requests/tuning.ts';

const turns = 4;

export const fileCases: readonly ContractCase[] = [
  {
    id: 'file-upload',
    area: 'training',
    title: 'takes a training file, and gives back the same bytes',
    loss: 'It trains nothing: train elsewhere, with `student: { driver: manual }` or `driver: command`.',
    async check(site) {
      trainable(site);
      const text = trainingText(turns);
      const file = granted(await postFile(site, text), UploadedFile, 'POST /files');
      demand(
        file.bytes === Buffer.byteLength(text),
        `${Buffer.byteLength(text)} bytes were sent, it has ${file.bytes}`,
      );
      const content = await site.wire.send({ method: 'GET', path: `/files/${file.id}/content` });
      demand(content.status === 200 && content.text === text, `the content differs: ${said(content)}`);
      site.trainingFile = file.id;
    },
  },
  {
    id: 'file-missing',
    area: 'errors',
    title: 'an upload without a file is refused',
    needs: ['file-upload'],
    async check({ wire }) {
      const form = new FormData();
      form.set('purpose', 'fine-tune');
      refused(await wire.send({ method: 'POST', path: '/files', body: form }), [400, 422], 'no file');
      refused(
        await wire.send({ method: 'POST', path: '/files', body: {} }),
        [400, 415, 422],
        'JSON in place of a form',
      );
    },
  },
  {
    id: 'file-unknown',
    area: 'errors',
    title: 'an unknown file is a 404',
    needs: ['file-upload'],
    async check({ wire }) {
      refused(await wire.send({ method: 'GET', path: '/files/file-unknown' }), [404], 'GET a file');
    },
  },
];
