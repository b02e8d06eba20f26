"""What crosses a service boundary: events, channels, status, reports, volume layout. No I/O."""
