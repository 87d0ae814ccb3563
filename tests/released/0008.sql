SELECT catalogue_version.version, catalogue_version.published, catalogue_version.who, catalogue_version.comment, catalogue_version.routes, catalogue_version.permissions, catalogue_version.registry 
FROM catalogue_version ORDER BY catalogue_version.version DESC
 LIMIT 1 OFFSET 0;
--
INSERT INTO catalogue_version (version, published, who, comment, routes, permissions, registry) VALUES (1, '2026-11-27T08:56:52.511653+00:00', 'test', 'test', 3, 8, '[[contract]]
urn = "urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2"
title = "GetCarePlansResponder"

[[contract]]
urn = "urn:riv:clinicalprocess:logistics:logistics:GetCareContactsResponder:2"
title = "GetCareContactsResponder"

[[contract]]
urn = "urn:riv:clinicalprocess:logistics:logistics:GetCareContactsResponder:3"
title = "GetCareContactsResponder"

[[contract]]
urn = "urn:riv:itintegration:engagementindex:UpdateResponder:1"
title = "UpdateResponder"

[[contract]]
urn = "urn:riv:itintegration:engagementindex:FindContentResponder:1"
title = "FindContentResponder"

[[producer]]
id = "p0"
title = "SE2129999997-COSMIC1"
kind = "soap"
address = "http://127.0.0.1:35063"
owner = "SE1"
schema_policy = "drop"

[[route]]
contract = ["GetCarePlans 2", "GetCareContacts 2", "GetCareContacts 3"]
logical_address = "SE2129999997-COSMIC1"
producer = "p0"
profile = "RIVTABP21"

[[permission]]
consumer = "SE2129999963-NPO1"
contract = ["GetCarePlans 2", "GetCareContacts 2", "GetCareContacts 3"]
logical_address = "SE2129999997-COSMIC1"

[[permission]]
consumer = "SE2129999963-NPO1"
contract = ["GetCarePlans 2", "GetCareContacts 2", "GetCareContacts 3", "Update 1", "FindContent 1"]
logical_address = "5565594230"

[[consumer]]
id = "SE2129999963-NPO1"
channel = "system"
social_care = true
');
--
SELECT setting.value 
FROM setting 
WHERE setting.name = 'person-key-fingerprint';
--
SELECT setting.value 
FROM setting 
WHERE setting.name = 'person-key-fingerprint';
--
INSERT INTO setting (name, value) VALUES ('person-key-fingerprint', '59d402a20d2c3434');
--
INSERT INTO engagement_place (service_domain, categorization, logical_address, source_system, data_controller, owner) VALUES ('riv:clinicalprocess:logistics:logistics', 'cll-cp', 'SE2129999997-COSMIC1', 'SE2129999997-COSMIC1', 'SE1', '5565594230') ON CONFLICT DO NOTHING;
--
SELECT engagement_place.id 
FROM engagement_place 
WHERE engagement_place.service_domain = 'riv:clinicalprocess:logistics:logistics' AND engagement_place.categorization = 'cll-cp' AND engagement_place.logical_address = 'SE2129999997-COSMIC1' AND engagement_place.source_system = 'SE2129999997-COSMIC1' AND engagement_place.data_controller = 'SE1' AND engagement_place.owner = '5565594230';
--
SELECT engagement.resident, engagement.place, engagement.business_object, engagement.interest, engagement.most_recent_content, engagement.creation_time, engagement.update_time 
FROM engagement 
WHERE engagement.resident IN (x'0a8fe7c257bb51bacf0575673c1c13c0');
--
INSERT INTO engagement (resident, place, business_object, interest, most_recent_content, creation_time, update_time) VALUES (x'0a8fe7c257bb51bacf0575673c1c13c0', 1, 'NA', 'NA', 20260101120000, 20261127095652, NULL);
--
DELETE FROM engagement_gone WHERE engagement_gone.resident = x'0a8fe7c257bb51bacf0575673c1c13c0' AND engagement_gone.place = 1 AND engagement_gone.business_object = 'NA' AND engagement_gone.interest = 'NA';
--
SELECT setting.value 
FROM setting 
WHERE setting.name = 'person-key-fingerprint';
--
SELECT max(catalogue_version.version) AS max_1 
FROM catalogue_version;
--
SELECT catalogue_version.registry 
FROM catalogue_version 
WHERE catalogue_version.version = 1;
--
SELECT catalogue_version.registry 
FROM catalogue_version 
WHERE catalogue_version.version = 1;
--

SELECT categorization, logical_address, business_object, source_system, data_controller, owner, interest, most_recent_content, creation_time, update_time
FROM engagement CROSS JOIN engagement_place
WHERE engagement_place.id = engagement.place AND resident = x'0a8fe7c257bb51bacf0575673c1c13c0' AND service_domain = 'riv:clinicalprocess:logistics:logistics'
ORDER BY categorization, logical_address, business_object, source_system, data_controller, owner, interest
;
--
SELECT size, peaks FROM audit_tree WHERE id = 1;
--
INSERT INTO question (sequence, correlation_id, at, sender, original_consumer, contract, logical_address, subject_hash, subject_sealed, verdict, fault, fault_detail, catalogue_version, elapsed, items, security, peer, decisions, leaf) VALUES (1, 'r-0', '2026-11-27T08:56:52.793023+00:00', 'SE2129999963-NPO1', NULL, 'urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2', '5565594230', '64b40d74423d058f436790f0e2a734985259daa2b9946f974505a8348aecfbcc', x'0179aac00757a44dd03b4ff17d8af2f2513e64822a9699724c7d7c2bc9ffbfe075c9c35bdfe2e89414ea1fe6c22a7b2fd90b4137a99eb70898a868c269', 'answered', NULL, '', 1, 0.00800462099959987, 1, '[]', '127.0.0.1', '[{"logical_address":"SE2129999997-COSMIC1","reason":"answered","detail":"","items":1,"elapsed":0.001989049999792769,"producer":"p0","route_trace":"SE2129999997-COSMIC1","permission_trace":"SE2129999997-COSMIC1","access":"GATES ALLOW 1"}]', x'69210529f0062a37555ed72e95ef252391d345ee793c937f774153b7ceedd238');
--
UPDATE audit_tree SET size = 1, peaks = x'69210529f0062a37555ed72e95ef252391d345ee793c937f774153b7ceedd238' WHERE id = 1;
--

SELECT categorization, logical_address, business_object, source_system, data_controller, owner, interest, most_recent_content, creation_time, update_time
FROM engagement CROSS JOIN engagement_place
WHERE engagement_place.id = engagement.place AND resident = x'0a8fe7c257bb51bacf0575673c1c13c0' AND service_domain = 'riv:clinicalprocess:logistics:logistics'
ORDER BY categorization, logical_address, business_object, source_system, data_controller, owner, interest
;
--
SELECT size, peaks FROM audit_tree WHERE id = 1;
--
INSERT INTO question (sequence, correlation_id, at, sender, original_consumer, contract, logical_address, subject_hash, subject_sealed, verdict, fault, fault_detail, catalogue_version, elapsed, items, security, peer, decisions, leaf) VALUES (2, 'r-1', '2026-11-27T08:56:52.818537+00:00', 'SE2129999963-NPO1', NULL, 'urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2', '5565594230', '64b40d74423d058f436790f0e2a734985259daa2b9946f974505a8348aecfbcc', x'01dec3c550b747edaecdea016f3dfe2ad2b50493db4b291895df7f5022c7dd8cf98073be125e23bfd8d391294530e02f43d01bd8c8e3a6f24f69ff18ae', 'answered', NULL, '', 1, 0.0108969299999444, 1, '[]', '127.0.0.1', '[{"logical_address":"SE2129999997-COSMIC1","reason":"answered","detail":"","items":1,"elapsed":0.001438047000192455,"producer":"p0","route_trace":"SE2129999997-COSMIC1","permission_trace":"SE2129999997-COSMIC1","access":"GATES ALLOW 1"}]', x'86cf2169851b2485b510e2b3b5a169603f3c262e20f68f77814df774e043f906');
--
UPDATE audit_tree SET size = 2, peaks = x'219a0169a4911679b67c33118c89ad314304374d7033d5c46e763b5a9ced9500' WHERE id = 1;
--

SELECT categorization, logical_address, business_object, source_system, data_controller, owner, interest, most_recent_content, creation_time, update_time
FROM engagement CROSS JOIN engagement_place
WHERE engagement_place.id = engagement.place AND resident = x'0a8fe7c257bb51bacf0575673c1c13c0' AND service_domain = 'riv:clinicalprocess:logistics:logistics'
ORDER BY categorization, logical_address, business_object, source_system, data_controller, owner, interest
;
--
SELECT size, peaks FROM audit_tree WHERE id = 1;
--
INSERT INTO question (sequence, correlation_id, at, sender, original_consumer, contract, logical_address, subject_hash, subject_sealed, verdict, fault, fault_detail, catalogue_version, elapsed, items, security, peer, decisions, leaf) VALUES (3, 'r-2', '2026-11-27T08:56:52.835914+00:00', 'SE2129999963-NPO1', NULL, 'urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2', '5565594230', '64b40d74423d058f436790f0e2a734985259daa2b9946f974505a8348aecfbcc', x'01bc7b77a9b0e23903b248b946ceb15124bead76d9267dd7eeea7a52a573a24bd50c41932c62028584583697def08a92fa2739283a0f08dc34c2720622', 'answered', NULL, '', 1, 0.0111108089995469, 1, '[]', '127.0.0.1', '[{"logical_address":"SE2129999997-COSMIC1","reason":"answered","detail":"","items":1,"elapsed":0.009794714000236127,"producer":"p0","route_trace":"SE2129999997-COSMIC1","permission_trace":"SE2129999997-COSMIC1","access":"GATES ALLOW 1"}]', x'00007a7fe6b056fb51396cce0db4d14deba8cc01379b645b64b36fa514703928');
--
UPDATE audit_tree SET size = 3, peaks = x'219a0169a4911679b67c33118c89ad314304374d7033d5c46e763b5a9ced950000007a7fe6b056fb51396cce0db4d14deba8cc01379b645b64b36fa514703928' WHERE id = 1;
--
INSERT INTO engagement_place (service_domain, categorization, logical_address, source_system, data_controller, owner) VALUES ('riv:clinicalprocess:logistics:logistics', 'cll-cp', 'SE2129999997-COSMIC1', 'SE2129999997-COSMIC1', 'SE2129999997', '5565594230') ON CONFLICT DO NOTHING;
--
SELECT engagement_place.id 
FROM engagement_place 
WHERE engagement_place.service_domain = 'riv:clinicalprocess:logistics:logistics' AND engagement_place.categorization = 'cll-cp' AND engagement_place.logical_address = 'SE2129999997-COSMIC1' AND engagement_place.source_system = 'SE2129999997-COSMIC1' AND engagement_place.data_controller = 'SE2129999997' AND engagement_place.owner = '5565594230';
--
SELECT engagement.resident, engagement.place, engagement.business_object, engagement.interest, engagement.most_recent_content, engagement.creation_time, engagement.update_time 
FROM engagement 
WHERE engagement.resident IN (x'0a8fe7c257bb51bacf0575673c1c13c0');
--
INSERT INTO engagement (resident, place, business_object, interest, most_recent_content, creation_time, update_time) VALUES (x'0a8fe7c257bb51bacf0575673c1c13c0', 2, 'recorded', 'NA', 20261101120000, 20261127095652, NULL);
--
DELETE FROM engagement_gone WHERE engagement_gone.resident = x'0a8fe7c257bb51bacf0575673c1c13c0' AND engagement_gone.place = 2 AND engagement_gone.business_object = 'recorded' AND engagement_gone.interest = 'NA';
--
SELECT size, peaks FROM audit_tree WHERE id = 1;
--
INSERT INTO question (sequence, correlation_id, at, sender, original_consumer, contract, logical_address, subject_hash, subject_sealed, verdict, fault, fault_detail, catalogue_version, elapsed, items, security, peer, decisions, leaf) VALUES (4, 'fe64115f-7c63-48df-bb49-5e07c046cc6a', '2026-11-27T08:56:52.859967+00:00', 'SE2129999963-NPO1', NULL, 'urn:riv:itintegration:engagementindex:UpdateResponder:1', '5565594230', NULL, NULL, 'answered', NULL, '', 1, 0.0104636330006542, 0, '[]', '127.0.0.1', '[]', x'9caf98dbaeed4332037713e808d40f0702549cebaadc866e8dd0f00027fcb573');
--
UPDATE audit_tree SET size = 4, peaks = x'197856b06d8d138a76f661e65adb9beff378856e4e2f102a52dc453c955f23df' WHERE id = 1;
--
SELECT engagement.resident, engagement.place, engagement.business_object, engagement.interest, engagement.most_recent_content, engagement.creation_time, engagement.update_time 
FROM engagement 
WHERE engagement.resident IN (x'0a8fe7c257bb51bacf0575673c1c13c0');
--
SELECT size, peaks FROM audit_tree WHERE id = 1;
--
INSERT INTO question (sequence, correlation_id, at, sender, original_consumer, contract, logical_address, subject_hash, subject_sealed, verdict, fault, fault_detail, catalogue_version, elapsed, items, security, peer, decisions, leaf) VALUES (5, 'd5f647ec-6e8b-43b2-afc5-da900059b4b6', '2026-11-27T08:56:52.875299+00:00', 'SE2129999963-NPO1', NULL, 'urn:riv:itintegration:engagementindex:UpdateResponder:1', '5565594230', NULL, NULL, 'answered', NULL, '', 1, 0.00662650300000678, 0, '[]', '127.0.0.1', '[]', x'6acd9b9413a608e3065dc4901dd96bd6c39f148e435a5d867e6ee30689c7991f');
--
UPDATE audit_tree SET size = 5, peaks = x'197856b06d8d138a76f661e65adb9beff378856e4e2f102a52dc453c955f23df6acd9b9413a608e3065dc4901dd96bd6c39f148e435a5d867e6ee30689c7991f' WHERE id = 1;
--

SELECT categorization, logical_address, business_object, source_system, data_controller, owner, interest, most_recent_content, creation_time, update_time
FROM engagement CROSS JOIN engagement_place
WHERE engagement_place.id = engagement.place AND resident = x'0a8fe7c257bb51bacf0575673c1c13c0' AND service_domain = 'riv:clinicalprocess:logistics:logistics'
ORDER BY categorization, logical_address, business_object, source_system, data_controller, owner, interest
;
--
SELECT size, peaks FROM audit_tree WHERE id = 1;
--
INSERT INTO question (sequence, correlation_id, at, sender, original_consumer, contract, logical_address, subject_hash, subject_sealed, verdict, fault, fault_detail, catalogue_version, elapsed, items, security, peer, decisions, leaf) VALUES (6, 'a7e248c1-5c1f-42bb-8922-54932a36261e', '2026-11-27T08:56:52.887185+00:00', 'SE2129999963-NPO1', NULL, 'urn:riv:itintegration:engagementindex:FindContentResponder:1', '5565594230', '64b40d74423d058f436790f0e2a734985259daa2b9946f974505a8348aecfbcc', x'0101f8e56793401129f06f80f94c283aac0a1179df249e645ef727dde1e022cc66c38519365e11499f3421768c28d109fea00f84213635b0689b566729', 'answered', NULL, '', 1, 0.000744040999961726, 0, '[]', '127.0.0.1', '[]', x'3d440f2a944119cc5cf03ea15fe875f9548f5e297e7e82dd23882af5fd2025e3');
--
UPDATE audit_tree SET size = 6, peaks = x'197856b06d8d138a76f661e65adb9beff378856e4e2f102a52dc453c955f23dfd54f8e0e97f4b412836affb37be36b94426767536983466d227b535e8ba5c0a6' WHERE id = 1;
--
SELECT size, peaks FROM audit_tree WHERE id = 1;
--
SELECT line, size, peaks FROM audit_head ORDER BY number DESC LIMIT 1;
--
SELECT sequence, correlation_id, at, sender, original_consumer, contract, logical_address, subject_hash, subject_sealed, verdict, fault, fault_detail, catalogue_version, elapsed, items, security, peer, decisions, leaf FROM question WHERE sequence >= 1 ORDER BY sequence;
--
SELECT audit_key.line 
FROM audit_key ORDER BY audit_key.number DESC
 LIMIT 1 OFFSET 0;
--
SELECT audit_key.number, audit_key.line 
FROM audit_key ORDER BY audit_key.number DESC;
--
SELECT audit_tree.log 
FROM audit_tree;
--
INSERT INTO audit_key (number, "key", line) VALUES (1, '396f5d95fab9f82d090f5219a0d9b3be', x'7b226b6579223a7b226174223a22323032362d31312d32375430383a35363a35332b30303a3030222c2262795f697473656c66223a226466653966366363623331646363626437356535316564636433363335366563363962616364386664383163633464633563336336656639316463343231396134376239643265323462663439343332343366323966663332623463663738636566316461346663323661396664356334626336646238666332636666323037222c2262795f70726576696f7573223a22222c226c6f67223a223265646561313035313436353963613961323131613831356438366235353739222c2270726576696f7573223a22222c227075626c6963223a2232643261383261303036366264383832626263353035623733636230636232323535613463353465373639383833383362353431616336376438373630326638227d7d');
--
SELECT log FROM audit_tree WHERE id = 1;
--
SELECT max(audit_head.number) AS max_1 
FROM audit_head;
--
INSERT INTO audit_head (number, size, peaks, line) VALUES (1, 6, x'197856b06d8d138a76f661e65adb9beff378856e4e2f102a52dc453c955f23dfd54f8e0e97f4b412836affb37be36b94426767536983466d227b535e8ba5c0a6', x'7b2268656164223a7b226174223a22323032362d31312d32375430383a35363a35332e3738392b30303a3030222c226b6579223a223339366635643935666162396638326430393066353231396130643962336265222c226c6f67223a223265646561313035313436353963613961323131613831356438366235353739222c226e756d626572223a312c2270726576696f7573223a22222c22726f6f74223a2238316231346434626162613334396130363035663730613631636333636362323832363762653535666630333432343839343234666162643432623039353639222c2273697a65223a367d2c227369676e6174757265223a223436363334626237376333356666613632313565613132653233356463383232373163626631613662343637366135616637346536323965626136386235353735333462323837626138383630333531326439313365303832613662353231623534636363646239326263653365356561303737366532613230393537383038227d');
--

SELECT categorization, logical_address, business_object, source_system, data_controller, owner, interest, most_recent_content, creation_time, update_time
FROM engagement CROSS JOIN engagement_place
WHERE engagement_place.id = engagement.place AND resident = x'' AND service_domain = ''
ORDER BY categorization, logical_address, business_object, source_system, data_controller, owner, interest
;
--
SELECT max(catalogue_version.version) AS max_1 
FROM catalogue_version;
--
SELECT size, peaks FROM audit_tree WHERE id = 1;
--
SELECT line, size, peaks FROM audit_head ORDER BY number DESC LIMIT 1;
--
SELECT size, peaks FROM audit_tree WHERE id = 1;
--
SELECT line, size, peaks FROM audit_head ORDER BY number DESC LIMIT 1;
--
INSERT INTO conformance_day (producer, contract, day, sampled, failing, warned) VALUES ('p0', 'urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2', '2026-11-27', 1, 0, 0) ON CONFLICT (producer, contract, day) DO UPDATE SET sampled = (conformance_day.sampled + excluded.sampled), failing = (conformance_day.failing + excluded.failing), warned = (conformance_day.warned + excluded.warned);
--
SELECT catalogue_version.version, catalogue_version.published, catalogue_version.who, catalogue_version.comment, catalogue_version.routes, catalogue_version.permissions, catalogue_version.registry 
FROM catalogue_version ORDER BY catalogue_version.version DESC
 LIMIT 1 OFFSET 0;
--
INSERT INTO catalogue_version (version, published, who, comment, routes, permissions, registry) VALUES (2, '2026-11-27T08:56:55.421118+00:00', 'test', 'test', 0, 5, '[[contract]]
urn = "urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2"
title = "GetCarePlansResponder"

[[contract]]
urn = "urn:riv:clinicalprocess:logistics:logistics:GetCareContactsResponder:2"
title = "GetCareContactsResponder"

[[contract]]
urn = "urn:riv:clinicalprocess:logistics:logistics:GetCareContactsResponder:3"
title = "GetCareContactsResponder"

[[contract]]
urn = "urn:riv:itintegration:engagementindex:UpdateResponder:1"
title = "UpdateResponder"

[[contract]]
urn = "urn:riv:itintegration:engagementindex:FindContentResponder:1"
title = "FindContentResponder"

[[permission]]
consumer = "SE2129999963-NPO1"
contract = ["GetCarePlans 2", "GetCareContacts 2", "GetCareContacts 3", "Update 1", "FindContent 1"]
logical_address = "5565594230"

[[consumer]]
id = "SE2129999963-NPO1"
channel = "system"
social_care = true
');
--
SELECT setting.value 
FROM setting 
WHERE setting.name = 'person-key-fingerprint';
--
INSERT INTO engagement_place (service_domain, categorization, logical_address, source_system, data_controller, owner) VALUES ('riv:clinicalprocess:logistics:logistics', 'cll-cc', 'SE2129999997-COSMIC1', 'SE2129999997-COSMIC1', 'SE1', '5565594230') ON CONFLICT DO NOTHING;
--
SELECT engagement_place.id 
FROM engagement_place 
WHERE engagement_place.service_domain = 'riv:clinicalprocess:logistics:logistics' AND engagement_place.categorization = 'cll-cc' AND engagement_place.logical_address = 'SE2129999997-COSMIC1' AND engagement_place.source_system = 'SE2129999997-COSMIC1' AND engagement_place.data_controller = 'SE1' AND engagement_place.owner = '5565594230';
--
SELECT engagement.resident, engagement.place, engagement.business_object, engagement.interest, engagement.most_recent_content, engagement.creation_time, engagement.update_time 
FROM engagement 
WHERE engagement.resident IN (x'0a8fe7c257bb51bacf0575673c1c13c0');
--
INSERT INTO engagement (resident, place, business_object, interest, most_recent_content, creation_time, update_time) VALUES (x'0a8fe7c257bb51bacf0575673c1c13c0', 3, 'NA', 'NA', 20260101120000, 20261127095655, NULL);
--
DELETE FROM engagement_gone WHERE engagement_gone.resident = x'0a8fe7c257bb51bacf0575673c1c13c0' AND engagement_gone.place = 3 AND engagement_gone.business_object = 'NA' AND engagement_gone.interest = 'NA'
