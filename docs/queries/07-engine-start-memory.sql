-- Where did the memory of an engine start go?
-- A NULL has its reason beside it.
SELECT boot_id, model, kind, profile_boot_id, context_mib, weights_mib, buffers_mib, activation_peak_mib, graphs_mib,
       kv_reserved_mib, memory_reasons
  FROM analytics_v1.boots
 ORDER BY boot_id DESC
 LIMIT 20;
