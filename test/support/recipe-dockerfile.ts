/** An instruction that copies, into the directory of the application. */
export interface DockerCopy {
  /** The stage that is copied from; undefined for the directory that is built. */
  from?: string;
  sources: string[];
  target: string;
}

/** The Dockerfile of the recipes, as far as it can be checked without Docker. It is a plain one: no variables, no line breaks. */
export class RecipeDockerfile {
  /** The images that its stages start from. */
  readonly images: string[] = [];
  /** Commands and copies of the first stage, in their order. */
  readonly build: (string | DockerCopy)[] = [];
  /** Those of the last one. */
  readonly final: (string | DockerCopy)[] = [];
  /** Variables of the last stage. */
  readonly env: Record<string, string> = {};
  user = 'root';
  volume = '';
  /** Command of the health check, with its arguments. */
  healthcheck: string[] = [];
  /** What a container runs, with its arguments. */
  command: string[] = [];

  /** @throws Error for an instruction that is not checked */
  static parse(text: string): RecipeDockerfile {
    const file = new RecipeDockerfile();
    for (const line of text.split('\n')) if (line !== '' && !line.startsWith('#')) file.#take(line);
    return file;
  }

  #take(line: string): void {
    const [, name = '', rest = ''] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
    const steps = this.images.length < 2 ? this.build : this.final;
    switch (name) {
      case 'FROM':
        return void this.images.push(rest.replace(/ AS \w+$/, ''));
      case 'RUN':
        return void steps.push(rest);
      case 'COPY':
        return void steps.push(toCopy(rest));
      case 'ENV':
        return void Object.assign(this.env, Object.fromEntries(rest.split(' ').map((pair) => pair.split('='))));
      case 'USER':
        this.user = rest;
        return;
      case 'VOLUME':
        this.volume = rest;
        return;
      case 'HEALTHCHECK':
        this.healthcheck = toArguments(rest.replace(/^.*? CMD /, ''));
        return;
      case 'CMD':
        this.command = toArguments(rest);
        return;
      case 'WORKDIR':
      case 'EXPOSE':
        return;
      default:
        throw new Error(`The Dockerfile has an instruction that no test looks at: ${line}`);
    }
  }
}

const toArguments = (json: string): string[] => JSON.parse(json) as string[];

function toCopy(text: string): DockerCopy {
  const [, from, paths = ''] = /^(?:--from=(\w+) )?(.+)$/.exec(text) ?? [];
  const sources = paths.split(' ');
  return { from, target: sources.pop() ?? '', sources };
}
