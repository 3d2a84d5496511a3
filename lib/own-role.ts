import { type AddToPrincipalPolicyResult, CfnRole, PolicyDocument, type PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';

/**
 * A role that carries what it may do within itself. A policy beside each role would be a resource more for every function, and a stack may hold
 * 500: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
 */
export class OwnRole extends Role {
  private readonly own = new PolicyDocument({ minimize: true });

  override addToPrincipalPolicy(statement: PolicyStatement): AddToPrincipalPolicyResult {
    this.own.addStatements(statement);
    const { defaultChild: resource } = this.node;
    // It grows until the stack is written out; a policy without a statement would be none.
    if (resource instanceof CfnRole) resource.policies = [{ policyName: 'Own', policyDocument: this.own }];
    return { statementAdded: true, policyDependable: this };
  }
}
