// The pane in PowerPoint.
import { startPane } from "@deskhand/shared/pane/pane.ts";
import { createPowerPointHost } from "./host.ts";

startPane("powerpoint", createPowerPointHost);
