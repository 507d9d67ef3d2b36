"""The webCRM adapter: `system.WebcrmSystem` implements `systems.port.System`. Facts: webcrm-api."""
