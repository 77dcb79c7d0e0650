// The pane in its Office application.
import { start } from "@deskhand/shared/app.tsx";

start({ kind: "excel" });
