#!/usr/bin/env node
import { runGatewayCli, terminalIo } from '../simulator/gateway-cli.js';

process.exitCode = await runGatewayCli(process.argv.slice(2), terminalIo());
