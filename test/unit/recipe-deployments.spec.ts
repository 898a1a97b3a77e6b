import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { OurSmsDlrOptions, OurSmsHttpOptions } from 'nestjs-oursms';
import { OurSmsHealthOptions } from 'nestjs-oursms/terminus';
import { parseAllDocuments } from 'yaml';
import { RecipeDockerfile } from '../support/recipe-dockerfile.js';
import { ROOT } from '../support/packaging-run.js';

interface Probe {
  httpGet: { path: string; port: string };
  periodSeconds?: number;
  timeoutSeconds?: number;
  failureThreshold?: number;
}

interface Container {
  env: { name: string; value?: string; valueFrom?: object }[];
  ports: { name: string; containerPort: number }[];
  startupProbe: Probe;
  livenessProbe: Probe;
  readinessProbe: Probe;
  lifecycle: { preStop: { exec: { command: string[] } } };
  securityContext: object;
  volumeMounts: { name: string; mountPath: string }[];
}

interface Pod {
  terminationGracePeriodSeconds: number;
  securityContext: object;
  containers: Container[];
  volumes?: { name: string }[];
}

interface Resource {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec: {
    replicas?: number;
    selector: { matchLabels?: object };
    strategy?: object;
    updateStrategy?: object;
    template: { metadata: { labels: object }; spec: Pod };
    volumeClaimTemplates?: { metadata: { name: string }; spec: { accessModes: string[] } }[];
  };
}

const recipe = (path: string): Promise<string> => readFile(join(ROOT, 'sample-app/recipes', path), 'utf8');

const dockerfile = RecipeDockerfile.parse(await recipe('docker/Dockerfile'));
const health = await recipe('health-and-metrics.ts');
const manifests = await Promise.all(
  [
    { path: 'kubernetes/one-instance.yaml', workload: 'StatefulSet', recipes: ['health-and-metrics.ts'] },
    {
      path: 'kubernetes/several-instances.yaml',
      workload: 'Deployment',
      recipes: ['health-and-metrics.ts', 'several-instances.ts'],
    },
  ].map(async ({ path, workload, recipes }) => {
    const documents = parseAllDocuments(await recipe(path));
    const resources = documents.map((document) => document.toJS() as Resource);
    const { spec } = resources.find(({ kind }) => kind === workload) as Resource;
    const pod = spec.template.spec;
    return {
      ...{ path, workload, documents, resources, spec, pod, container: pod.containers[0] as Container },
      code: (await Promise.all(recipes.map(recipe))).join('\n'),
    };
  }),
);

describe.each(manifests)('$path', ({ workload, documents, resources, spec, pod, container, code }) => {
  it('is valid YAML of known Kubernetes resources', () => {
    expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
    const known = ['v1 Service', 'apps/v1 StatefulSet', 'apps/v1 Deployment', 'policy/v1 PodDisruptionBudget'];
    expect(
      resources.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`).filter((one) => !known.includes(one)),
    ).toEqual([]);
    expect(spec.selector.matchLabels).toEqual(spec.template.metadata.labels);
  });

  it('allows as much time for the shutdown as the options of the module allow', () => {
    const { timeoutMs = NaN } = new OurSmsHttpOptions();
    const { shutdownTimeoutMs = NaN } = new OurSmsDlrOptions();
    const { command } = container.lifecycle.preStop.exec;
    expect(command[0]).toBe('sleep');
    const neededMs = Number(command[1]) * 1_000 + Math.max(timeoutMs, shutdownTimeoutMs) + timeoutMs + 5_000;
    expect(pod.terminationGracePeriodSeconds * 1_000).toBe(neededMs);
  });

  it('probes readiness and liveness at paths of the recipe, and never restarts for lack of readiness', () => {
    const pathOf = (route: string): string => {
      expect(health).toContain(`@Get('${route}')`);
      return `/health/${route}`;
    };
    expect(container.readinessProbe.httpGet.path).toBe(pathOf('ready'));
    expect(container.livenessProbe.httpGet.path).toBe(pathOf('live'));
    expect(container.startupProbe.httpGet.path).toBe(pathOf('live'));
    const { timeoutMs = NaN } = new OurSmsHealthOptions();
    expect((container.readinessProbe.timeoutSeconds ?? 1) * 1_000).toBeGreaterThan(timeoutMs);
  });

  it('lets the startup wait for the lock of a process that has not ended', () => {
    const lockMs =
      Math.max(new OurSmsHttpOptions().timeoutMs ?? 0, new OurSmsDlrOptions().shutdownTimeoutMs ?? 0) + 5_000;
    const { periodSeconds = 0, failureThreshold = 0 } = container.startupProbe;
    expect(periodSeconds * failureThreshold * 1_000).toBeGreaterThan(2 * lockMs);
  });

  it('sets only variables that the recipe reads, consistent with the image', () => {
    const unread = container.env.map(({ name }) => name).filter((name) => !new RegExp(`\\b${name}\\b`).test(code));
    expect(unread).toEqual([]);
    expect(container.ports).toEqual([{ name: 'http', containerPort: Number(dockerfile.env.PORT) }]);
    const storage = container.env.find(({ name }) => name === 'OURSMS_STORAGE')?.value;
    expect(storage).toBe(dockerfile.env.OURSMS_STORAGE);
  });

  it('contains no credential: credentials come from a secret', () => {
    const secret = container.env.filter(({ name }) => /KEY|PASSWORD|TOKEN|SECRET|REDIS_URL/.test(name));
    expect(secret.length).toBeGreaterThan(0);
    for (const { value, valueFrom } of secret) {
      expect(value).toBeUndefined();
      expect(valueFrom).toHaveProperty('secretKeyRef.name', 'sms');
    }
  });

  it('keeps the store on a volume, and runs as a user who may write nothing else', () => {
    const [mount] = container.volumeMounts;
    expect(mount?.mountPath).toBe(dockerfile.volume);
    expect(dockerfile.env.OURSMS_STORAGE?.startsWith(`${mount?.mountPath}/`)).toBe(true);
    const volumes = [...(pod.volumes ?? []), ...(spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata)];
    expect(volumes.map(({ name }) => name)).toEqual([mount?.name]);
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000 });
    expect(container.securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false });
  });

  it('starts a second process beside the first only when both share a Redis', () => {
    if (workload === 'StatefulSet') {
      expect(spec.replicas).toBe(1);
      expect(spec.volumeClaimTemplates?.[0]?.spec.accessModes).toEqual(['ReadWriteOncePod']);
    } else {
      expect(spec.replicas).toBeGreaterThan(1);
      expect(spec.strategy).toEqual({ type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } });
      expect(container.env.map(({ name }) => name)).toEqual(expect.arrayContaining(['REDIS_URL', 'INSTANCE']));
    }
  });
});

describe('the Dockerfile', () => {
  it('runs without root, with a volume, and checks liveness', () => {
    expect(dockerfile.user).toBe('node');
    expect(dockerfile.env.OURSMS_STORAGE?.startsWith(`${dockerfile.volume}/`)).toBe(true);
    expect(dockerfile.healthcheck.join(' ')).toContain(`127.0.0.1:${dockerfile.env.PORT}/health/live`);
    expect(dockerfile.command[0]).toBe('node');
  });

  it('is based on images that run a supported Node.js version', async () => {
    const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { engines: { node: string } };
    const oldest = Number(/\d+/.exec(manifest.engines.node)?.[0]);
    expect(dockerfile.images.length).toBeGreaterThan(0);
    for (const image of dockerfile.images) {
      const [, major, flavour] = /^node:(\d+)-([\w-]+)$/.exec(image) ?? [];
      expect(Number(major)).toBeGreaterThanOrEqual(oldest);
      expect(flavour).not.toContain('alpine');
    }
  });

  it('copies no credentials, store or foreign build output into the image', async () => {
    const lines = (await recipe('docker/.dockerignore')).split('\n');
    expect(lines).toEqual(expect.arrayContaining(['.env*', '.oursms', 'node_modules', 'dist']));
  });
});
