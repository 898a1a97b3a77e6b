/** Opens a store as another process would. Says how it went; holds it until its input ends. */
import { ClassicLevel } from 'classic-level';

const db = new ClassicLevel(process.argv[2]);
try {
  await db.open();
  console.log('open');
} catch (error) {
  console.log(error.cause?.code ?? error.code);
  process.exit();
}
process.stdin.on('end', () => void db.close()).resume();
