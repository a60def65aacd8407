"""An engine that serves: started, sized, warmed up, and its start recorded."""
