// The settings and the draft, for components.
import { useEffect, useSyncExternalStore } from "react";
import type { ConfigurationState, ConfigurationStore } from "../../session/configuration.ts";
import { useApp, useSession } from "../context.tsx";

export interface Configured {
  configuration: ConfigurationStore;
  state: ConfigurationState;
}

export function useConfiguration(): Configured {
  const { configuration } = useApp().store;
  const state = useSyncExternalStore(configuration.subscribe, configuration.current);
  return { configuration, state };
}

/** Reads the settings when the page opens and whenever the service is there again. */
export function useFresh(): void {
  const { configuration } = useApp().store;
  const online = useSession().connection.kind === "online";
  useEffect(() => {
    if (online) {
      void configuration.load();
    }
  }, [configuration, online]);
}
