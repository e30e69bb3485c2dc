import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.List;
import net.handle.hdllib.*;
import net.handle.hdllib.trust.*;

/** CNRI's own library against whole nodes: registers with its own keys (`administer PORT`, in sessions `sessions PORT`), resolves from a root down (`resolve PORT HANDLE…`), or asks for certified answers and verifies records from there (`certified PORT HANDLE…`). */
public class HandleNode {
  static final byte[] admin = bytes("0.NA/88.608.8889");

  public static void main(String[] args) throws Exception {
    ServerInfo server = new ServerInfo();
    server.serverId = 1;
    server.ipAddress = new byte[16];
    System.arraycopy(InetAddress.getByName("127.0.0.1").getAddress(), 0, server.ipAddress, 12, 4);
    int port = Integer.parseInt(args[1]);
    server.interfaces = new Interface[] {new Interface(Interface.ST_ADMIN_AND_QUERY, Interface.SP_HDL_TCP, port), new Interface(Interface.ST_QUERY, Interface.SP_HDL_UDP, port)};
    SiteInfo site = new SiteInfo();
    site.isPrimary = true;
    site.hashOption = SiteInfo.HASH_TYPE_BY_ALL;
    site.servers = new ServerInfo[] {server};
    site.majorProtocolVersion = Common.MAJOR_VERSION;
    site.minorProtocolVersion = Common.MINOR_VERSION;
    HandleResolver resolver = new HandleResolver();
    if (args[0].equals("sessions")) sessions(site);
    else if (args[0].equals("administer")) {
      resolver.setSessionTracker(null);
      administer(resolver, site);
    }
    else if (args[0].equals("certified")) certified(resolver, site, args);
    else resolve(resolver, site, args);
    System.exit(0);
  }

  /** A line for each request: its name and the response code, or what was read. */
  static void administer(HandleResolver resolver, SiteInfo site) throws Exception {
    AuthenticationInfo secret = new SecretKeyAuthenticationInfo(admin, 301, bytes("s3cret-test"));
    byte[] made = bytes("88.608.8889/Made_by_Java");
    HandleValue url = value(1, "URL", "https://example.com/p/1");
    HandleValue owner = new HandleValue(100, Common.STD_TYPE_HSADMIN, Encoder.encodeAdminRecord(new AdminRecord(made, 300, true, true, true, true, true, true, true, true, true, true, true, true)));
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    KeyPair pair = generator.generateKeyPair();
    HandleValue key = new HandleValue(300, Common.STD_TYPE_HSPUBKEY, Util.getBytesFromPublicKey(pair.getPublic()));
    HandleValue hidden = new HandleValue(7, bytes("SECRET"), bytes("for administrators"));
    hidden.setAnyoneCanRead(false);
    AuthenticationInfo own = new PublicKeyAuthenticationInfo(made, 300, pair.getPrivate());
    AuthenticationInfo wrong = new SecretKeyAuthenticationInfo(admin, 301, bytes("guessed"));

    say("wrong secret", send(resolver, site, new CreateHandleRequest(made, new HandleValue[] {url}, wrong)));
    say("create", send(resolver, site, new CreateHandleRequest(made, new HandleValue[] {url, owner, key, hidden}, secret)));
    say("create again", send(resolver, site, new CreateHandleRequest(made, new HandleValue[] {url}, secret)));
    say("add", send(resolver, site, new AddValueRequest(made, new HandleValue[] {value(2, "EMAIL", "a@example.com")}, own)));
    say("add again", send(resolver, site, new AddValueRequest(made, new HandleValue[] {value(2, "EMAIL", "b@example.com")}, own)));
    say("modify", send(resolver, site, new ModifyValueRequest(made, new HandleValue[] {value(1, "URL", "https://example.com/p/2")}, own)));
    say("modify none", send(resolver, site, new ModifyValueRequest(made, new HandleValue[] {value(9, "URL", "https://example.com")}, own)));
    say("remove", send(resolver, site, new RemoveValueRequest(made, new int[] {2}, own)));
    ResolutionRequest all = new ResolutionRequest(made, null, null, own);
    all.ignoreRestrictedValues = false;
    say("read all", send(resolver, site, all));
    say("read public", send(resolver, site, new ResolutionRequest(made, null, null, null)));
    say("list", send(resolver, site, new ListHandlesRequest(admin, secret)));
    say("list by another", send(resolver, site, new ListHandlesRequest(admin, own)));
    say("site", send(resolver, site, new GenericRequest(Common.BLANK_HANDLE, AbstractMessage.OC_GET_SITE_INFO, null)));
    say("delete", send(resolver, site, new DeleteHandleRequest(made, own)));
    say("read deleted", send(resolver, site, new ResolutionRequest(made, null, null, null)));
  }

  /** A line for each request, in sessions as the library begins them by itself, then in encrypted ones; and how many answers came encrypted. */
  static void sessions(SiteInfo site) throws Exception {
    HandleResolver first = new HandleResolver();
    site.servers[0].publicKey = ((GetSiteInfoResponse) send(first, site, new GenericRequest(Common.BLANK_HANDLE, AbstractMessage.OC_GET_SITE_INFO, null))).siteInfo.servers[0].publicKey;
    SessionSetupInfo setup = new SessionSetupInfo();
    setup.encrypted = true;
    setup.authenticated = true;
    for (SessionSetupInfo each : new SessionSetupInfo[] {null, setup}) {
      HandleResolver resolver = new HandleResolver();
      if (each != null) resolver.setSessionTracker(new ClientSessionTracker(each));
      resolver.traceMessages = true;
      PrintStream before = System.err;
      ByteArrayOutputStream trace = new ByteArrayOutputStream();
      System.setErr(new PrintStream(trace));
      administer(resolver, site);
      System.setErr(before);
      int encrypted = trace.toString().split("Decrypting ", -1).length - 1;
      System.out.println("sessions " + resolver.getSessionTracker().getAllSessions().length + ", encrypted answers " + encrypted);
    }
  }

  /** A line for each handle: its values, or the code of what went wrong. */
  static void resolve(HandleResolver resolver, SiteInfo root, String[] args) throws Exception {
    global(resolver, root);
    for (int i = 2; i < args.length; i++) {
      List<String> said = new ArrayList<>();
      said.add(args[i]);
      try {
        for (HandleValue value : resolver.resolveHandle(args[i]))
          said.add(value.getIndex() + " " + new String(value.getType(), StandardCharsets.UTF_8) + " " + new String(value.getData(), StandardCharsets.UTF_8));
      } catch (HandleException problem) {
        said.add("problem " + problem.getCode());
      }
      System.out.println(String.join("|", said));
    }
  }

  /** Two lines for each handle: the certified answer, by the root's key and by a wrong one; what its own verifier says of the record. */
  static void certified(HandleResolver resolver, SiteInfo site, String[] args) throws Exception {
    SiteInfo root = ((GetSiteInfoResponse) send(resolver, site, new GenericRequest(Common.BLANK_HANDLE, AbstractMessage.OC_GET_SITE_INFO, null))).siteInfo;
    global(resolver, root);
    PublicKey trusted = Util.getPublicKeyFromBytes(resolver.resolveHandle("0.0/0.0", new String[] {"HS_PUBKEY"}, null)[0].getData(), 0);
    HandleRecordTrustVerifier verifier = new HandleRecordTrustVerifier(new ChainBuilder(resolver), new ChainVerifier(List.of(trusted)));
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    byte[] right = root.servers[0].publicKey;
    byte[] wrong = Util.getBytesFromPublicKey(generator.generateKeyPair().getPublic());
    for (int i = 2; i < args.length; i++) {
      ResolutionRequest all = new ResolutionRequest(bytes(args[i]), null, null, null);
      all.certify = true;
      String said = args[i] + "|" + resolver.processRequest(all).responseCode;
      for (byte[] key : new byte[][] {right, wrong}) {
        root.servers[0].publicKey = key;
        ResolutionRequest request = new ResolutionRequest(bytes("0.0/0.0"), null, null, null);
        request.certify = true;
        try {
          said += "|" + send(resolver, root, request).responseCode;
        } catch (HandleException problem) {
          said += "|problem " + problem.getCode();
        }
      }
      root.servers[0].publicKey = right;
      System.out.println(said);
      HandleRecordTrustVerificationReport report = verifier.validateHandleRecordReturnReport(new HandleRecord(args[i], resolver.resolveHandle(args[i])));
      boolean trust = !report.signatureReports.isEmpty();
      for (ChainVerificationReport each : report.signatureReports) trust &= each.canTrustAndAuthorized();
      System.out.println(trust + "|signed " + report.signedValues + "|unsigned " + report.unsignedValues + "|" + report.getErrorMessage());
    }
  }

  static void global(HandleResolver resolver, SiteInfo root) {
    Configuration configuration = Configuration.defaultConfiguration();
    configuration.setGlobalSites(new SiteInfo[] {root});
    configuration.setGlobalValues(new HandleValue[0]);
    configuration.setAutoUpdateRootInfo(false);
    configuration.setResolutionMethod(Configuration.RM_GLOBAL);
    resolver.setConfiguration(configuration);
  }

  static AbstractResponse send(HandleResolver resolver, SiteInfo site, AbstractRequest request) throws Exception {
    return resolver.sendRequestToService(request, new SiteInfo[] {site});
  }

  static void say(String name, AbstractResponse response) throws Exception {
    List<String> said = new ArrayList<>();
    said.add(name + " " + response.responseCode);
    if (response instanceof ResolutionResponse)
      for (HandleValue value : ((ResolutionResponse) response).getHandleValues()) said.add("" + value.getIndex());
    if (response instanceof ListHandlesResponse)
      for (byte[] handle : ((ListHandlesResponse) response).handles) said.add(new String(handle, StandardCharsets.UTF_8));
    if (response instanceof GetSiteInfoResponse) said.add("serial " + ((GetSiteInfoResponse) response).siteInfo.serialNumber);
    System.out.println(String.join("|", said));
  }

  static HandleValue value(int index, String type, String data) {
    return new HandleValue(index, bytes(type), bytes(data));
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
