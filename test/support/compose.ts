import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';

/** The folder of the project, with a slash at its end. */
export const project = fileURLToPath(new URL('../../', import.meta.url));

/** As much of a service as the laboratory uses. */
const service = z.object({
  image: z.string().optional(),
  build: z
    .object({ context: z.string(), dockerfile: z.string(), args: z.record(z.string(), z.string()).optional() })
    .optional(),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.union([z.string(), z.number()]).transform(String)).default({}),
  volumes: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  networks: z.record(z.string(), z.object({ ipv4_address: z.ipv4() })),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
  profiles: z.array(z.string()).optional(),
});
const file = z.object({
  services: z.record(z.string(), service),
  networks: z.record(z.string(), z.object({ ipam: z.object({ config: z.array(z.object({ subnet: z.cidrv4() })) }) })),
});

export type ComposeService = z.output<typeof service>;

/** docker-compose.yml; what of it the environment may change has its default. */
export function readCompose(): z.output<typeof file> {
  const text = readFileSync(`${project}docker-compose.yml`, 'utf8').replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1');
  return file.parse(parse(text, { merge: true }));
}
