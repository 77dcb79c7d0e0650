// The pane in Excel.
import { startPane } from "@deskhand/shared/pane/pane.ts";
import { createExcelHost } from "./host.ts";

startPane("excel", createExcelHost);
